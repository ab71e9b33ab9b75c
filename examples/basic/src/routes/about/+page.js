// Rendered once, when the app is built; served as the file it was written to.
export const prerender = true;
