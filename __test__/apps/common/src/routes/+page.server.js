export function load({ url, route }) {
	return { search: url.search, route: route.id };
}
