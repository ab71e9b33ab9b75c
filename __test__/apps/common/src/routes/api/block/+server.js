import { existsSync } from 'node:fs';

/** What a test that died would leave behind ends by itself. */
const LONGEST = 60_000;

/**
 * Keeps the thread, as a bug or a heavy computation would: busy for `ms`, or asleep until there is
 * a file of the name `until`
 * @type {import('@sveltejs/kit').RequestHandler}
 */
export function GET({ url }) {
	const file = url.searchParams.get('until');
	const end = Date.now() + (file === null ? Number(url.searchParams.get('ms') ?? 100) : LONGEST);
	console.log('blocking');
	if (file === null) while (Date.now() < end);
	else while (!existsSync(file) && Date.now() < end) sleep(5);
	return new Response('done');
}

/** @param {number} ms */
function sleep(ms) {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
