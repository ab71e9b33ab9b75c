/** What the app sees of a request: method, URL, headers, body by every reader, forms. */
import { define, get, post, post_chunked, chunked, request } from '../case.js';

const own = { origin: 'https://example.test' };
const form = { ...own, accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' };
const plain = { ...own, 'content-type': 'text/plain' };

/** @param {Array<{ head: string, value: string | Buffer }>} parts */
function multipart(parts, boundary = 'XyZ', end = `--${boundary}--\r\n`) {
	return Buffer.concat([
		...parts.flatMap(({ head, value }) => [
			Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`, 'utf8'),
			Buffer.from(value),
			Buffer.from('\r\n')
		]),
		Buffer.from(end)
	]);
}

const field = (/** @type {string} */ name, /** @type {string} */ value) => ({
	head: `content-disposition: form-data; name="${name}"`,
	value
});
const file = (
	/** @type {string} */ name,
	/** @type {string} */ filename,
	/** @type {Buffer} */ value
) => ({
	head: `content-disposition: form-data; name="${name}"; filename="${filename}"\r\ncontent-type: application/octet-stream`,
	value
});

const mixed = multipart([
	field('a', '1'),
	field('b', 'zwei\r\nZeilen'),
	file('up', 'bytes.bin', Buffer.from([0, 13, 10, 45, 45, 255])),
	file('empty', '', Buffer.alloc(0))
]);
const multipart_headers = { ...own, 'content-type': 'multipart/form-data; boundary=XyZ' };

/**
 * SvelteKit 2's Node entry leaves what a route does not read in the socket; the connection
 * is then lost, and there is nothing to compare
 * @type {Array<2 | 3>}
 */
const drains = [3];

const readers = [
	'text',
	'array-buffer',
	'bytes',
	'blob',
	'stream',
	'iterate',
	'clone',
	'twice',
	'rewrapped',
	'partial',
	'none',
	'used'
];
const large = Buffer.alloc(300_000, 'abcdefghij');

export default [
	...readers.map((how) => define(`body/${how}`, 200, post(`/api/body/${how}`, 'the body: ünï'))),
	...readers.map((how) =>
		define(`body/chunked, ${how}`, 200, [
			post_chunked(`/api/body/${how}`),
			chunked(['the ', 'body: ', 'ünï'])
		])
	),
	...['text', 'stream', 'array-buffer', 'clone', 'none', 'partial', 'used'].map((how) =>
		define(`body/empty, ${how}`, 200, post(`/api/body/${how}`, ''))
	),
	...['text', 'stream', 'used', 'none'].map((how) =>
		define(`body/absent, ${how}`, 200, request('POST', `/api/body/${how}`, { headers: plain }))
	),
	...['array-buffer', 'stream', 'iterate', 'none', 'partial', 'clone'].map((how) =>
		define(`body/300 kB, ${how}`, [200, 200], [post(`/api/body/${how}`, large), get('/api/url')], {
			kits: how === 'partial' || how === 'none' ? drains : [2, 3],
			normalise: (body) => body.subarray(0, 100)
		})
	),
	...['array-buffer', 'stream', 'none', 'partial'].map((how) =>
		define(
			`body/300 kB chunked, ${how}`,
			[200, 200],
			[
				post_chunked(`/api/body/${how}`),
				chunked([large.subarray(0, 70_000), large.subarray(70_000)]),
				get('/api/url')
			],
			{ kits: how === 'partial' || how === 'none' ? drains : [2, 3] }
		)
	),
	define('body/empty chunked', 200, [post_chunked('/api/body/text'), chunked([])]),
	define(
		'body/json',
		200,
		post('/api/body/json', '{"a":[1,2,"ü"]}', { 'content-type': 'application/json' })
	),
	define(
		'body/bad json',
		500,
		post('/api/body/json', '{"a":', { 'content-type': 'application/json' })
	),
	define('body/bad json, caught', 200, post('/api/body/json-caught', '{"a":')),
	define(
		'body/invalid UTF-8 as text',
		200,
		post('/api/body/text', Buffer.from([0x61, 0xff, 0xfe, 0x62]))
	),
	define('body/a byte order mark', 200, post('/api/body/text', Buffer.from('\ufeffbom'))),
	define(
		'body/binary',
		200,
		post('/api/body/array-buffer', Buffer.from(Array.from({ length: 256 }, (_, i) => i)))
	),
	define('body/in small pieces', 200, [
		request('POST', '/api/body/text', { headers: { ...plain, 'content-length': '11' } }),
		'hel',
		'lo ',
		'w',
		'orld'
	]),
	define('body/PUT', 200, request('PUT', '/api/echo', { headers: plain, body: 'put' })),
	define('body/DELETE', 200, request('DELETE', '/api/echo', { headers: plain, body: 'delete' })),
	define('body/OPTIONS', 200, request('OPTIONS', '/api/echo', { headers: plain, body: 'options' })),
	define('body/GET has none', 200, request('GET', '/api/echo', { body: 'ignored' })),
	define('body/HEAD has none', 200, request('HEAD', '/api/echo', { body: 'ignored' })),
	define(
		'body/GET chunked has none',
		[200, 200],
		[
			request('GET', '/api/echo', { headers: { 'transfer-encoding': 'chunked' } }),
			chunked(['ignored']),
			get('/api/url')
		]
	),
	define('body/QUERY', 200, request('QUERY', '/api/echo', { headers: plain, body: 'query' })),
	define('body/PROPFIND', 200, request('PROPFIND', '/api/echo', { headers: plain, body: '<x/>' })),

	define('form/urlencoded', 200, post('/api/body/form', 'a=1&b=zwei+W%C3%B6rter&a=3&&c', form)),
	define('form/urlencoded, broken', 200, post('/api/body/form', 'a=%zz&=&%ff=1', form)),
	define(
		'form/urlencoded with a charset',
		200,
		post('/api/body/form', 'a=1', {
			...form,
			'content-type': 'application/x-www-form-urlencoded;charset=UTF-8'
		})
	),
	define('form/multipart', 200, post('/api/body/form', mixed, multipart_headers)),
	define('form/multipart chunked', 200, [
		post_chunked('/api/body/form', multipart_headers),
		chunked([mixed.subarray(0, 60), mixed.subarray(60)])
	]),
	define(
		'form/multipart, quoted boundary',
		200,
		post('/api/body/form', mixed, { ...own, 'content-type': 'multipart/form-data; boundary="XyZ"' })
	),
	define(
		'form/multipart, names beyond ASCII',
		200,
		post(
			'/api/body/form',
			multipart([field('ü', 'ß'), file('f', 'naïve.txt', Buffer.from('x'))]),
			multipart_headers
		)
	),
	define(
		'form/multipart, cut off',
		200,
		post('/api/body/form-caught', mixed.subarray(0, mixed.length - 12), multipart_headers)
	),
	define(
		'form/multipart, no boundary',
		200,
		post('/api/body/form-caught', mixed, { ...own, 'content-type': 'multipart/form-data' })
	),
	define(
		'form/multipart, wrong boundary',
		200,
		post('/api/body/form-caught', mixed, {
			...own,
			'content-type': 'multipart/form-data; boundary=other'
		})
	),
	define('form/wrong type', 200, post('/api/body/form-caught', 'a=1', plain)),
	define(
		'form/large upload',
		200,
		post(
			'/api/body/form',
			multipart([field('a', '1'), file('up', 'big.bin', large)]),
			multipart_headers
		)
	),

	define('action/default', 200, post('/form', 'a=1&b=2', form)),
	define(
		'action/default, as the client does',
		200,
		post('/form', 'a=1', { ...form, 'x-sveltekit-action': 'true', accept: 'application/json' })
	),
	define('action/named', 200, post('/form/named?/save', 'a=1', form)),
	define('action/unknown', 404, post('/form/named?/nothing', 'a=1', form)),
	define('action/default where there are only named ones', 404, post('/form/named', 'a=1', form)),
	define('action/fail', 422, post('/form/named?/invalid', 'a=1', form)),
	define(
		'action/fail, as the client does',
		{ 2: 200, 3: 422 },
		post('/form/named?/invalid', 'a=1', {
			...form,
			'x-sveltekit-action': 'true',
			accept: 'application/json'
		})
	),
	define('action/redirect', 303, post('/form/named?/move', 'a=1', form)),
	define(
		'action/redirect, as the client does',
		200,
		post('/form/named?/move', 'a=1', {
			...form,
			'x-sveltekit-action': 'true',
			accept: 'application/json'
		})
	),
	define('action/error', 403, post('/form/named?/refuse', 'a=1', form)),
	define('action/throws', 500, post('/form/named?/boom', 'a=1', form)),
	define('action/sets a cookie', 200, post('/form/named?/cookie', 'a=1', form)),
	define(
		'action/does not read',
		[200, 200],
		[post('/form/named?/unread', 'a=1', form), get('/api/url')]
	),
	define('action/upload', 200, post('/form/named?/upload', mixed, multipart_headers)),
	define('action/chunked', 200, [
		post_chunked('/form/named?/save', form),
		chunked(['a=1', '&b=2'])
	]),
	define(
		'action/redirect, no accept',
		200,
		post('/form/named?/move', 'a=1', { ...form, accept: [] })
	),
	define(
		'action/json is no form',
		415,
		post('/form', '{}', { ...own, 'content-type': 'application/json' })
	),
	define('action/text/plain form', 500, post('/form', 'a=1', plain)),

	...[
		['own origin', 200, { origin: 'https://example.test' }],
		['no origin', 403, {}],
		['another origin', 403, { origin: 'https://evil.example' }],
		['null origin', 403, { origin: 'null' }],
		['own host, other scheme', 403, { origin: 'http://example.test' }],
		['own host, other port', 403, { origin: 'https://example.test:8443' }],
		['trusted origin', 200, { origin: 'https://trusted.example' }],
		['origin in upper case', 403, { origin: 'HTTPS://EXAMPLE.TEST' }]
	].flatMap(([name, status, headers]) => [
		define(
			`csrf/form, ${name}`,
			Number(status),
			post('/form', 'a=1', {
				.../** @type {any} */ (headers),
				origin: /** @type {any} */ (headers).origin ?? [],
				'content-type': 'application/x-www-form-urlencoded'
			})
		),
		define(
			`csrf/endpoint, ${name}`,
			Number(status),
			post('/api/body/text', 'x', {
				origin: /** @type {any} */ (headers).origin ?? [],
				'content-type': 'text/plain'
			})
		)
	]),
	define(
		'csrf/json needs no origin',
		200,
		post('/api/body/text', '{}', { origin: [], 'content-type': 'application/json' })
	),
	define(
		'csrf/refused as json',
		403,
		post('/form', 'a=1', {
			origin: 'https://evil.example',
			'content-type': 'multipart/form-data; boundary=x',
			accept: 'application/json'
		})
	),
	define(
		'csrf/refused with an unread body',
		[403, 200],
		[
			post('/form', 'a'.repeat(200_000), { ...form, origin: 'https://evil.example' }),
			get('/api/url')
		],
		{ kits: drains }
	),
	define(
		'csrf/without a content type',
		{ 2: 200, 3: 403 },
		request('POST', '/api/body/text', { body: 'x', headers: { origin: 'https://evil.example' } })
	),

	define('echo/plain', 200, get('/api/echo?a=b')),
	define(
		'echo/headers in their case',
		200,
		get('/api/echo', { 'X-MiXeD': 'Value', accept: '*/*' })
	),
	define('echo/header twice', 200, get('/api/echo', { 'x-list': ['one', 'two'] })),
	define('echo/user-agent twice', 200, get('/api/echo', { 'user-agent': ['one', 'two'] })),
	define(
		'echo/content-type twice',
		200,
		request('POST', '/api/echo', {
			headers: { ...own, 'content-type': ['text/plain', 'text/html'] },
			body: 'x'
		})
	),
	define('echo/accept twice', 200, get('/api/echo', { accept: ['text/html', 'text/plain'] })),
	define('echo/cookie twice', 200, get('/api/echo', { cookie: ['a=1', 'b=2'] })),
	define('echo/set-cookie in a request', 200, get('/api/echo', { 'set-cookie': ['a=1', 'b=2'] })),
	define(
		'echo/authorization twice',
		200,
		get('/api/echo', { authorization: ['Basic a', 'Basic b'] })
	),
	define(
		'echo/referer twice',
		200,
		get('/api/echo', { referer: ['https://a.example', 'https://b.example'] })
	),
	define('echo/latin1 value', 200, get('/api/echo', { 'x-latin1': 'caf\u00e9 \u00ff' })),
	define('echo/utf-8 value', 200, get('/api/echo', { 'x-utf8': '\u00c3\u00bc' })),
	define('echo/empty value', 200, get('/api/echo', { 'x-empty': '' })),
	define('echo/spaces around a value', 200, get('/api/echo', { 'x-space': '   a  b   ' })),
	define('echo/tab in a value', 200, get('/api/echo', { 'x-tab': '\ta\tb\t' })),
	define('echo/odd but valid name', 200, get('/api/echo', { "x!#$%&'*+-.^_`|~1": 'yes' })),
	define(
		'echo/prototype names',
		200,
		get('/api/echo', { __proto__: 'x', constructor: 'y', tostring: 'z' })
	),
	define(
		'echo/hop by hop',
		200,
		get('/api/echo', {
			te: 'trailers',
			upgrade: 'h2c',
			'keep-alive': 'timeout=5',
			'proxy-connection': 'keep-alive'
		})
	),
	define(
		'echo/many headers',
		200,
		get(
			'/api/echo',
			Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`x-h-${i}`, String(i)]))
		)
	),
	define('echo/long header', 200, get('/api/echo', { 'x-long': 'l'.repeat(8000) })),
	define('echo/long cookie', 200, get('/api/echo', { cookie: `c=${'v'.repeat(7000)}` })),
	define('echo/client address', 200, get('/api/client-address')),
	define(
		'echo/forwarded headers mean nothing by default',
		200,
		get('/api/url', {
			'x-forwarded-proto': 'http',
			'x-forwarded-host': 'evil.example',
			'x-forwarded-for': '1.2.3.4',
			forwarded: 'host=evil.example'
		})
	),
	define(
		'echo/forwarded address means nothing by default',
		200,
		get('/api/client-address', { 'x-forwarded-for': '1.2.3.4' })
	)
];
