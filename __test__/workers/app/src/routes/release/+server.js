/* global RELEASE */
/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET({ platform }) {
	return Response.json({ release: RELEASE, worker: /** @type {any} */ (platform).worker.id });
}
