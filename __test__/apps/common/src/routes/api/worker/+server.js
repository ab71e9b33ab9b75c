/** Module state, of which every worker has its own */
let asked = 0;

/**
 * Tells which worker answers
 * @type {import('@sveltejs/kit').RequestHandler}
 */
export function fallback({ platform, url }) {
	asked += 1;
	const control = url.searchParams.get('cache-control');
	return Response.json(
		{ .../** @type {any} */ (platform).worker, asked },
		{ headers: control === null ? {} : { 'cache-control': control } }
	);
}
