/** @type {import('@sveltejs/kit').RequestHandler} */
export async function fallback({ request, url }) {
	return Response.json({
		method: request.method,
		url: request.url,
		href: url.href,
		headers: [...request.headers],
		has_body: request.body !== null,
		body: await request.text(),
		real: request instanceof Request,
		mode: [request.cache, request.credentials, request.mode, request.redirect].join()
	});
}
