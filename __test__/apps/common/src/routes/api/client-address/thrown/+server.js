/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET({ getClientAddress }) {
	return new Response(getClientAddress());
}
