import { shared } from '#lib/shared.js';

/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET() {
	return Response.json(shared);
}
