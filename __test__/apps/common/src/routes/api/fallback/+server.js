export function GET() {
	return new Response('GET handler');
}

/** @type {import('@sveltejs/kit').RequestHandler} */
export async function fallback({ request }) {
	return new Response(`fallback for ${request.method}`);
}
