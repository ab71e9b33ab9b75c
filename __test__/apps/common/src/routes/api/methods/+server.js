/** @param {string} name */
const answer = (name) => () =>
	new Response(`answered by ${name}`, { headers: { 'x-handler': name } });

export const GET = answer('GET');
export const POST = answer('POST');
export const PUT = answer('PUT');
export const PATCH = answer('PATCH');
export const DELETE = answer('DELETE');
export const OPTIONS = () => new Response(null, { status: 204, headers: { allow: 'GET, POST' } });
export const HEAD = () => new Response(null, { headers: { 'x-handler': 'HEAD' } });
