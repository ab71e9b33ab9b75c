/** @type {import('@sveltejs/kit').RequestHandler} */
export async function QUERY({ request }) {
	return new Response(`asked for ${await request.text()}`);
}
