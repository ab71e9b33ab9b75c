/** @type {import('@sveltejs/kit').Reroute} */
export function reroute({ url }) {
	if (url.pathname === '/rerouted') return '/api/url';
	if (url.pathname === '/rerouted/prerendered') return '/pre/never';
	if (url.pathname === '/rerouted/throws') throw new Error('thrown by reroute');
}
