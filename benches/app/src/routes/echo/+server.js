/** @type {import('./$types').RequestHandler} */
export async function POST({ request }) {
	const type = request.headers.get('content-type') ?? 'application/octet-stream';
	return new Response(await request.arrayBuffer(), { headers: { 'content-type': type } });
}
