export async function load({ fetch, cookies, depends }) {
	depends('app:load');
	const response = await fetch('/api/echo?from=load');
	const echoed = await response.json();
	return { echoed: echoed.url, status: response.status, cookie: cookies.get('visit') ?? 'none' };
}
