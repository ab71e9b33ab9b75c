/** @type {Record<string, () => Response>} */
const kinds = {
	length: () => new Response('twelve bytes', { headers: { 'content-length': '12' } }),
	'length-short': () => new Response('twelve bytes', { headers: { 'content-length': '6' } }),
	'length-without-body': () => new Response(null, { headers: { 'content-length': '12' } }),
	latin1: () => new Response('', { headers: { 'x-latin1': 'caf\u00e9 \u00ff' } }),
	control: () => new Response('never', { headers: { 'x-bad': 'a\u0001b' } }),
	delete: () => new Response('never', { headers: { 'x-bad': 'a\u007fb' } }),
	tab: () => new Response('fine', { headers: { 'x-tab': 'a\tb' } }),
	empty: () => new Response('fine', { headers: { 'x-empty': '' } }),
	many: () => {
		const headers = new Headers();
		for (let i = 0; i < 60; i += 1) headers.set(`x-many-${i}`, String(i));
		return new Response('many', { headers });
	},
	long: () => new Response('long', { headers: { 'x-long': 'x'.repeat(10_000) } }),
	append: () => {
		const headers = new Headers();
		headers.append('x-list', 'one');
		headers.append('x-list', 'two');
		headers.append('set-cookie', 'one=1');
		headers.append('set-cookie', 'two=2; Path=/');
		return new Response('appended', { headers });
	},
	connection: () => new Response('closing', { headers: { connection: 'close' } }),
	chunked: () => new Response('chunked', { headers: { 'transfer-encoding': 'chunked' } }),
	date: () => new Response('dated', { headers: { date: 'Thu, 01 Jan 1970 00:00:00 GMT' } }),
	server: () => new Response('named', { headers: { server: 'mine', 'x-powered-by': 'tea' } }),
	etag: () =>
		new Response('tagged', {
			headers: {
				etag: '"v1"',
				'cache-control': 'max-age=1',
				vary: 'cookie',
				'set-cookie': 'seen=1',
				'x-lost': 'not in a 304'
			}
		}),
	'weak-etag': () => new Response('tagged', { headers: { etag: 'W/"v1"' } }),
	encoding: () => new Response('not really', { headers: { 'content-encoding': 'identity' } }),
	range: () => new Response('ranges are mine', { headers: { 'accept-ranges': 'none' } }),
	location: () => new Response(null, { status: 302, headers: { location: '/caf\u00e9' } }),
	case: () => new Response('', { headers: { 'X-Mixed-Case': 'Value' } })
};

/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET({ params }) {
	return kinds[/** @type {string} */ (params.kind)]();
}
