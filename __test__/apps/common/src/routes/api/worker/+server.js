import { opened } from '../../../shared/record.js';

/** Module state, of which every worker has its own */
let asked = 0;

/**
 * Tells which worker answers; with `?wait=<key>` once that gate opens. The output says which worker
 * has begun with it, so that a test knows before there is an answer.
 * @type {import('@sveltejs/kit').RequestHandler}
 */
export async function fallback({ platform, url }) {
	const { worker } = /** @type {any} */ (platform);
	asked += 1;
	const wait = url.searchParams.get('wait');
	if (wait !== null) {
		console.log(`${url.search} has begun in worker ${worker.id}.`);
		await opened(wait);
	}
	const control = url.searchParams.get('cache-control');
	return Response.json(
		{ ...worker, asked, instrumented: /** @type {any} */ (globalThis).instrumented },
		{ headers: control === null ? {} : { 'cache-control': control } }
	);
}
