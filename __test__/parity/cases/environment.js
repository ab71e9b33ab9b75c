/** Groups of cases that need a server with a certain environment, or a build of its own. */
import { chunked, define, get, post, post_chunked, request } from '../case.js';

/**
 * @typedef {{
 *   name: string,
 *   variant?: string,
 *   prefix?: string,
 *   base?: string,
 *   env?: Record<string, string>,
 *   socket?: boolean,
 *   kits?: Array<2 | 3>,
 *   reference_kit?: 2 | 3,
 *   cases: import('../case.js').Case[]
 * }} Group
 */

const plain = { origin: 'https://example.test', 'content-type': 'text/plain' };
const form = {
	origin: 'https://example.test',
	accept: 'text/html',
	'content-type': 'application/x-www-form-urlencoded'
};

/** @type {Group} */
const headers = {
	name: 'origin headers',
	env: {
		PROTOCOL_HEADER: 'X-Forwarded-Proto',
		HOST_HEADER: 'x-forwarded-host',
		PORT_HEADER: 'x-forwarded-port'
	},
	cases: [
		define('origin/none sent', 200, get('/api/url')),
		define('origin/protocol', 200, get('/api/url', { 'x-forwarded-proto': 'http' })),
		define('origin/host', 200, get('/api/url', { 'x-forwarded-host': 'front.example' })),
		define(
			'origin/host with a port',
			200,
			get('/api/url', { 'x-forwarded-host': 'front.example:8443' })
		),
		define('origin/port', 200, get('/api/url', { 'x-forwarded-port': '8443' })),
		define('origin/default port', 200, get('/api/url', { 'x-forwarded-port': '443' })),
		define(
			'origin/all',
			200,
			get('/api/url', {
				'x-forwarded-proto': 'http',
				'x-forwarded-host': 'front.example',
				'x-forwarded-port': '81'
			})
		),
		define('origin/protocol, encoded', 200, get('/api/url', { 'x-forwarded-proto': 'htt%70' })),
		define('origin/protocol in capitals', 200, get('/api/url', { 'x-forwarded-proto': 'HTTP' })),
		define(
			'origin/protocol that brings a host',
			400,
			get('/api/url', { 'x-forwarded-proto': 'http://evil.example/' })
		),
		define(
			'origin/protocol that brings a host, encoded',
			400,
			get('/api/url', { 'x-forwarded-proto': 'http%3A%2F%2Fevil.example%2F' })
		),
		define(
			'origin/protocol that cannot be decoded',
			400,
			get('/api/url', { 'x-forwarded-proto': '%zz' })
		),
		define(
			'origin/protocol that is none',
			400,
			get('/api/url', { 'x-forwarded-proto': 'not a scheme' })
		),
		define('origin/another scheme', 200, get('/api/url', { 'x-forwarded-proto': 'ftp' })),
		define('origin/protocol list', 400, get('/api/url', { 'x-forwarded-proto': 'https, http' })),
		define(
			'origin/protocol twice',
			400,
			get('/api/url', { 'x-forwarded-proto': ['https', 'http'] })
		),
		define(
			'origin/host twice',
			400,
			get('/api/url', { 'x-forwarded-host': ['a.example', 'b.example'] })
		),
		define(
			'origin/host list',
			400,
			get('/api/url', { 'x-forwarded-host': 'a.example, b.example' })
		),
		define(
			'origin/host with a path',
			404,
			get('/api/url', { 'x-forwarded-host': 'a.example/path' })
		),
		define('origin/port that is no number', 400, get('/api/url', { 'x-forwarded-port': 'http' })),
		define('origin/port with spaces inside', 400, get('/api/url', { 'x-forwarded-port': '80 81' })),
		define('origin/port too large', 400, get('/api/url', { 'x-forwarded-port': '99999' })),
		define('origin/port in hexadecimal', 400, get('/api/url', { 'x-forwarded-port': '0x50' })),
		define('origin/port with a fraction', 400, get('/api/url', { 'x-forwarded-port': '80.5' })),
		define(
			'origin/port next to a port',
			400,
			get('/api/url', { 'x-forwarded-host': 'a.example:1', 'x-forwarded-port': '2' })
		),
		define(
			'origin/empty values',
			200,
			get('/api/url', { 'x-forwarded-proto': '', 'x-forwarded-host': '', 'x-forwarded-port': '' })
		),
		define(
			'origin/no host but the header',
			400,
			request('GET', '/api/url', { host: null, headers: { 'x-forwarded-host': 'front.example' } })
		),
		define(
			'origin/no host in HTTP/1.0 but the header',
			200,
			request('GET', '/api/url', {
				host: null,
				version: '1.0',
				headers: { 'x-forwarded-host': 'front.example' }
			})
		),
		define('origin/a file needs no origin', 200, get('/plain.txt', { 'x-forwarded-proto': 'a:b' })),
		define(
			'origin/a redirect needs no origin',
			308,
			get('/pre/never/', { 'x-forwarded-proto': 'a:b' })
		),
		define(
			'origin/bad origin with a body',
			[400, 200],
			[post('/form', 'a=1', { ...form, 'x-forwarded-proto': 'a:b' }), get('/plain.txt')]
		),
		define(
			'origin/csrf against the forwarded origin',
			200,
			post('/form', 'a=1', {
				...form,
				origin: 'http://front.example:81',
				'x-forwarded-proto': 'http',
				'x-forwarded-host': 'front.example',
				'x-forwarded-port': '81'
			})
		),
		define(
			'origin/csrf against the bare host',
			403,
			post('/form', 'a=1', { ...form, 'x-forwarded-host': 'front.example' })
		),
		define(
			'origin/redirect of a slash',
			308,
			get('/slash/never/', { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'front.example' })
		)
	]
};

const address_cases = (/** @type {string} */ name) => [
	define(`${name}/absent`, 200, get('/api/client-address')),
	define(`${name}/absent, not caught`, 500, get('/api/client-address/thrown')),
	define(`${name}/one`, 200, get('/api/client-address', { 'x-forwarded-for': '1.1.1.1' })),
	define(
		`${name}/three`,
		200,
		get('/api/client-address', { 'x-forwarded-for': '1.1.1.1, 2.2.2.2 ,3.3.3.3' })
	),
	define(
		`${name}/in two lines`,
		200,
		get('/api/client-address', { 'x-forwarded-for': ['1.1.1.1', '2.2.2.2, 3.3.3.3'] })
	),
	define(`${name}/empty`, 200, get('/api/client-address', { 'x-forwarded-for': '' })),
	define(
		`${name}/nonsense`,
		200,
		get('/api/client-address', { 'x-forwarded-for': ' , <script>,' })
	),
	define(
		`${name}/IPv6`,
		200,
		get('/api/client-address', { 'x-forwarded-for': '2001:db8::1, [::1]:80, ::1' })
	),
	define(`${name}/throws only when asked`, 200, get('/api/url'))
];

/** @type {Group[]} */
const addresses = [
	{
		name: 'address, depth 1',
		env: { ADDRESS_HEADER: 'X-Forwarded-For' },
		cases: address_cases('address 1')
	},
	{
		name: 'address, depth 2',
		env: { ADDRESS_HEADER: 'x-forwarded-for', XFF_DEPTH: '2' },
		cases: address_cases('address 2')
	},
	{
		name: 'address, depth 0',
		env: { ADDRESS_HEADER: 'x-forwarded-for', XFF_DEPTH: '0' },
		cases: address_cases('address 0')
	},
	{
		name: 'address, other header',
		env: { ADDRESS_HEADER: 'True-Client-IP' },
		cases: [
			define('address other/absent', 200, get('/api/client-address')),
			define(
				'address other/present',
				200,
				get('/api/client-address', { 'true-client-ip': '9.9.9.9' })
			),
			define(
				'address other/a list stays whole',
				200,
				get('/api/client-address', { 'true-client-ip': '9.9.9.9, 8.8.8.8' })
			),
			define(
				'address other/twice',
				200,
				get('/api/client-address', { 'true-client-ip': ['9.9.9.9', '8.8.8.8'] })
			),
			define('address other/empty', 200, get('/api/client-address', { 'true-client-ip': '' }))
		]
	}
];

/** @param {string} name @param {number} limit what fits exactly */
const limit_cases = (name, limit) => [
	define(`${name}/at the limit`, 200, post('/api/body/caught', 'x'.repeat(limit))),
	define(
		`${name}/one over, caught by the route`,
		200,
		post('/api/body/caught', 'x'.repeat(limit + 1))
	),
	define(
		`${name}/one over`,
		413,
		post('/api/body/text', 'x'.repeat(limit + 1), { 'x-journal': 'l-text' }),
		{ journal: 'l-text' }
	),
	define(
		`${name}/one over, as json`,
		413,
		post('/api/body/text', 'x'.repeat(limit + 1), { accept: 'application/json' })
	),
	define(
		`${name}/one over, as html`,
		413,
		post('/api/body/text', 'x'.repeat(limit + 1), { accept: 'text/html' })
	),
	define(`${name}/one over, as a stream`, 413, post('/api/body/stream', 'x'.repeat(limit + 1))),
	define(
		`${name}/one over, never read`,
		[200, 200],
		[post('/api/body/none', 'x'.repeat(limit + 1)), get('/api/url')]
	),
	define(`${name}/one over, form action`, 413, post('/form', `a=${'x'.repeat(limit + 1)}`, form)),
	define(
		`${name}/one over, form action as the client does`,
		413,
		post('/form', `a=${'x'.repeat(limit + 1)}`, {
			...form,
			'x-sveltekit-action': 'true',
			accept: 'application/json'
		})
	),
	define(
		`${name}/one over, multipart`,
		413,
		post(
			'/api/body/form',
			`--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n${'x'.repeat(limit + 1)}\r\n--x--\r\n`,
			{ ...plain, 'content-type': 'multipart/form-data; boundary=x' }
		)
	),
	define(`${name}/chunked, at the limit`, 200, [
		post_chunked('/api/body/caught'),
		chunked(limit ? ['x'.repeat(limit)] : [])
	]),
	define(`${name}/chunked, one over`, 413, [
		post_chunked('/api/body/text'),
		chunked(['x'.repeat(limit), 'y'].filter(Boolean))
	]),
	define(`${name}/chunked, one over, caught`, 200, [
		post_chunked('/api/body/caught'),
		chunked(['x'.repeat(limit), 'y'].filter(Boolean))
	]),
	define(
		`${name}/chunked, one over, never read`,
		[200, 200],
		[
			post_chunked('/api/body/none'),
			chunked(['x'.repeat(limit), 'y'].filter(Boolean)),
			get('/api/url')
		],
		limit > 100_000 ? { kits: [3] } : {}
	),
	define(
		`${name}/a new request after a 413`,
		[413, 200],
		[post('/api/body/text', 'x'.repeat(limit + 1)), get('/api/url')]
	),
	define(`${name}/nothing is sent`, 200, request('POST', '/api/body/caught', { headers: plain })),
	define(`${name}/an empty body`, 200, post('/api/body/caught', '')),
	define(`${name}/a POST to a file`, 405, post('/plain.txt', 'x'.repeat(limit + 1)), { kits: [3] }),
	define(
		`${name}/a forged form`,
		403,
		post('/form', 'x'.repeat(limit + 1), { ...form, origin: 'https://evil.example' })
	)
];

/** @type {Group[]} */
const limits = [
	{ name: 'limit 100', env: { BODY_SIZE_LIMIT: '100' }, cases: limit_cases('limit 100', 100) },
	{ name: 'limit 0', env: { BODY_SIZE_LIMIT: '0' }, cases: limit_cases('limit 0', 0) },
	{ name: 'limit 1k', env: { BODY_SIZE_LIMIT: '1k' }, cases: limit_cases('limit 1k', 1024) },
	{
		name: 'limit off',
		env: { BODY_SIZE_LIMIT: 'Infinity' },
		cases: [
			define('limit off/2 MB', 200, post('/api/body/caught', 'x'.repeat(2_000_000))),
			define('limit off/2 MB chunked', 200, [
				post_chunked('/api/body/caught'),
				chunked(['x'.repeat(1_000_000), 'y'.repeat(1_000_000)])
			]),
			define(
				'limit off/2 MB never read',
				[200, 200],
				[post('/api/body/none', 'x'.repeat(2_000_000)), get('/api/url')]
			)
		]
	},
	{
		name: 'limit 1.5K',
		env: { BODY_SIZE_LIMIT: '1.5K' },
		cases: [
			define('limit 1.5K/at the limit', 200, post('/api/body/caught', 'x'.repeat(1536))),
			define('limit 1.5K/over', 413, post('/api/body/text', 'x'.repeat(1537)))
		]
	}
];

/** The default limit, 512 KiB, on the server with no environment */
export const default_limit = limit_cases('limit default', 524_288);

/** @type {Group} */
const socket = {
	name: 'unix socket',
	socket: true,
	cases: [
		define('socket/page', 200, get('/')),
		define('socket/file', 200, get('/plain.txt')),
		define('socket/client address', 200, get('/api/client-address')),
		define('socket/platform', 200, get('/api/platform')),
		define('socket/post', 200, post('/api/body/text', 'over a socket'))
	]
};

/** @type {Group} */
const base = {
	name: 'paths.base',
	variant: 'base',
	base: '/base/path',
	cases: [
		define('base/home', 308, get('/base/path')),
		define('base/home, slash', 200, get('/base/path/')),
		define('base/file', 200, get('/base/path/plain.txt')),
		define('base/file with br', 200, get('/base/path/plain.txt', { 'accept-encoding': 'br' })),
		define('base/file without the base', 404, get('/plain.txt')),
		define('base/html alias', 200, get('/base/path/page')),
		define('base/prerendered', 200, get('/base/path/pre/never')),
		define('base/prerendered, wrong slash', 308, get('/base/path/pre/never/?a=b')),
		define('base/prerendered without the base', 404, get('/pre/never')),
		define('base/always', 200, get('/base/path/pre/always/')),
		define('base/always, wrong', 308, get('/base/path/pre/always')),
		define('base/version', 200, get('/base/path/_app/version.json')),
		define('base/missing immutable', 404, get('/base/path/_app/immutable/nothing.js')),
		define('base/immutable', 200, { via: '/app-asset' }),
		define('base/endpoint', 200, get('/base/path/api/url?a=b')),
		define('base/endpoint without the base', 404, get('/api/url')),
		define('base/half of the base', 404, get('/base')),
		define('base/another base', 404, get('/base/other')),
		define('base/root', 404, get('/')),
		define('base/ssr slash', 308, get('/base/path/slash/never/')),
		define('base/read', 200, get('/base/path/api/read')),
		define('base/rest', 200, get('/base/path/rest/a/b')),
		define('base/well-known', 200, get('/base/path/.well-known/security.txt')),
		define('base/data', 200, get('/base/path/load/__data.json')),
		define('base/base in capitals', 404, get('/BASE/PATH/plain.txt')),
		define('base/encoded base', 200, get('/b%61se/path/plain.txt')),
		define('base/post to a file', 405, post('/base/path/plain.txt', 'x'), { kits: [3] })
	]
};

/** @type {Group} */
const prefixed = {
	name: 'envPrefix',
	variant: 'prefix',
	prefix: 'APP_',
	env: {
		APP_BODY_SIZE_LIMIT: '10',
		BODY_SIZE_LIMIT: '5',
		APP_ADDRESS_HEADER: 'x-real-ip',
		ADDRESS_HEADER: 'x-wrong',
		APP_PROTOCOL_HEADER: 'x-proto'
	},
	cases: [
		define('prefix/limit', 200, post('/api/body/caught', '0123456789')),
		define('prefix/over the limit', 413, post('/api/body/text', '0123456789a')),
		define('prefix/address', 200, get('/api/client-address', { 'x-real-ip': '7.7.7.7' })),
		define(
			'prefix/address absent, the message names the variable',
			200,
			get('/api/client-address')
		),
		define('prefix/protocol', 200, get('/api/url', { 'x-proto': 'http' }))
	]
};

/** @type {Group} */
const baked = {
	name: 'paths.origin',
	variant: 'origin',
	kits: [3],
	cases: [
		define('baked/url', 200, get('/api/url')),
		define(
			'baked/a bad host does not matter',
			200,
			request('GET', '/api/url', { host: 'not a host' })
		),
		define(
			'baked/HTTP/1.0 without a host',
			200,
			request('GET', '/api/url', { host: null, version: '1.0' })
		),
		define('baked/csrf', 200, post('/form', 'a=1', { ...form, origin: 'https://baked.example' })),
		define('baked/csrf of the host', 403, post('/form', 'a=1', form)),
		define('baked/slash', 308, get('/slash/never/')),
		define('baked/page', 200, get('/'))
	]
};

/** @type {Group} */
const origin = {
	name: 'ORIGIN',
	kits: [2],
	env: {
		ORIGIN: ' https://env.example:8443/path ',
		PROTOCOL_HEADER: 'x-proto',
		HOST_HEADER: 'x-host'
	},
	cases: [
		define('ORIGIN/url', 200, get('/api/url')),
		define(
			'ORIGIN/beats the headers',
			200,
			get('/api/url', { 'x-proto': 'http', 'x-host': 'other.example' })
		),
		define(
			'ORIGIN/csrf',
			200,
			post('/form', 'a=1', { ...form, origin: 'https://env.example:8443' })
		),
		define('ORIGIN/csrf of the host', 403, post('/form', 'a=1', form)),
		define('ORIGIN/slash', 308, get('/slash/never/')),
		define(
			'ORIGIN/HTTP/1.0 without a host',
			200,
			request('GET', '/api/url', { host: null, version: '1.0' })
		)
	]
};

export default [headers, ...addresses, ...limits, socket, base, prefixed, baked, origin];
