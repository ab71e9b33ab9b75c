export function GET({ route, params, url }) {
	return Response.json({ route: route.id, params, pathname: url.pathname });
}
