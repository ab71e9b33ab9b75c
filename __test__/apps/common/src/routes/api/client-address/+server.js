/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET({ getClientAddress }) {
	try {
		return new Response(getClientAddress());
	} catch (error) {
		return new Response(`threw: ${/** @type {Error} */ (error).message}`);
	}
}
