import { json } from '@sveltejs/kit';

/** @type {import('./$types').RequestHandler} */
export async function POST({ request, platform, getClientAddress }) {
	return json({
		received: await request.text(),
		type: request.headers.get('content-type'),
		client: getClientAddress(),
		http: platform?.req.httpVersion
	});
}
