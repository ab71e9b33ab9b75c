/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET({ params }) {
	const status = Number(params.code);
	const empty = [204, 205, 304].includes(status);
	return new Response(empty ? null : `status ${status}`, { status });
}
