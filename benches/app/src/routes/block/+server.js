/** Blocks the thread without using its core: what others are served then is not theirs to slow down. */
/** @type {import('./$types').RequestHandler} */
export function GET({ url }) {
	const cell = new Int32Array(new SharedArrayBuffer(4));
	Atomics.wait(cell, 0, 0, Number(url.searchParams.get('ms') ?? 0));
	return new Response('over');
}
