/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET({ request, url, params, route }) {
	return Response.json({
		request: request.url,
		href: url.href,
		origin: url.origin,
		host: url.host,
		protocol: url.protocol,
		pathname: url.pathname,
		search: [...url.searchParams],
		params,
		route: route.id
	});
}
