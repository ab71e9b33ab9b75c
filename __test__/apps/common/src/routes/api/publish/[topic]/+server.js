/** Publishes the body, where there is a hub; tells how many peers it is for. */

/** @type {import('@sveltejs/kit').RequestHandler} */
export async function POST({ params, platform, request }) {
	const data = await request.json();
	return Response.json(platform.hub.publish(params.topic, data));
}
