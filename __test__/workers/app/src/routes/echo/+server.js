/** @type {import('@sveltejs/kit').RequestHandler} */
export const POST = async ({ request }) => new Response(await request.text());
