/** What hooks and routes have in common, if it is one module to both. */
export const shared = { handshakes: 0 };
