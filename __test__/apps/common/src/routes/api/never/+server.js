/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET() {
	return new Promise(() => {});
}
