/** Responses of the app: pages, endpoints, errors, headers, hooks. */
import { define, get, post, request } from '../case.js';

const own = { origin: 'https://example.test' };

/** @type {Array<[string, number]>} */
const responses = [
	['string', 200],
	['unicode', 200],
	['surrogate', 200],
	['empty', 200],
	['null', 200],
	['undefined', 200],
	['json', 200],
	['static-json', 200],
	['text', 200],
	['array-buffer', 200],
	['view', 200],
	['data-view', 200],
	['blob', 200],
	['empty-blob', 200],
	['search', 200],
	['stream', 200],
	['queued-one', 200],
	['queued-two', 200],
	['queued-three', 200],
	['queued-none', 200],
	['queued-empty', 200],
	['async-iterable', 200],
	['large', 200],
	['large-bytes', 200],
	['large-stream', 200],
	['clone', 200],
	['rewrapped', 201],
	['throw', 500],
	['reject', 500],
	['throw-string', 500],
	['throw-null', 500],
	['throw-response', 500],
	['http-error', 409],
	['redirect', 302],
	['response-redirect', 301],
	['nothing', 500],
	['plain-object', 500],
	['fetched', 200],
	['teapot', 418],
	['content-type-kept', 200],
	['locked', 200],
	['used', 200]
];

/** @type {Array<[string, number]>} */
const headers = [
	['length', 200],
	['latin1', 200],
	['control', 500],
	['delete', 500],
	['tab', 200],
	['empty', 200],
	['many', 200],
	['long', 200],
	['append', 200],
	['date', 200],
	['server', 200],
	['etag', 200],
	['encoding', 200],
	['range', 200],
	['location', 302],
	['case', 200],
	['connection', 200]
];

const codes = [
	200, 201, 202, 203, 204, 205, 206, 207, 226, 300, 301, 304, 400, 401, 402, 404, 410, 412, 415,
	416, 417, 418, 421, 422, 425, 428, 429, 451, 499, 500, 501, 502, 503, 504, 505, 507, 511, 599
];

const endpoint_methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
const other_methods = ['QUERY', 'PROPFIND', 'PURGE', 'REPORT', 'LINK', 'M-SEARCH', 'SUBSCRIBE'];

const boundary = (/** @type {Buffer} */ body) =>
	body.toString('latin1').replace(/-{2,}formdata-[\w-]+/g, 'BOUNDARY');

export default [
	...responses.map(([kind, status]) =>
		define(`response/${kind}`, status, get(`/api/respond/${kind}`))
	),
	define('response/form', 200, get('/api/respond/form'), {
		normalise: boundary,
		ignore: ['content-type', 'content-length']
	}),
	...['string', 'null', 'large', 'queued-two', 'queued-three', 'throw', 'json', 'redirect'].map(
		(kind) =>
			define(
				`response/HEAD ${kind}`,
				{ throw: 500, redirect: 302 }[kind] ?? 200,
				request('HEAD', `/api/respond/${kind}`)
			)
	),
	...['large-bytes', 'large-stream', 'json'].map((kind) =>
		define(
			`response/twice on one connection: ${kind}`,
			[200, 200],
			[get(`/api/respond/${kind}`), get(`/api/respond/${kind}`)]
		)
	),
	define('response/error as json', 500, get('/api/respond/throw', { accept: 'application/json' })),
	define('response/error as html', 500, get('/api/respond/throw', { accept: 'text/html' })),
	define(
		'response/expected error as json',
		409,
		get('/api/respond/http-error', { accept: 'application/json' })
	),
	define(
		'response/expected error as html',
		409,
		get('/api/respond/http-error', { accept: 'text/html' })
	),
	define(
		'response/a journal of handleError',
		500,
		get('/api/respond/throw', { 'x-journal': 'j-throw' }),
		{ journal: 'j-throw' }
	),
	define('response/a journal of a missing page', 404, get('/nowhere', { 'x-journal': 'j-404' }), {
		journal: 'j-404'
	}),
	define(
		'response/a journal of an expected error',
		409,
		get('/api/respond/http-error', { 'x-journal': 'j-409' }),
		{ journal: 'j-409' }
	),

	...headers.map(([kind, status]) => define(`header/${kind}`, status, get(`/api/header/${kind}`))),
	define('header/HEAD with a length', 200, request('HEAD', '/api/header/length')),
	define(
		'header/HEAD with a length and no body',
		200,
		request('HEAD', '/api/header/length-without-body')
	),
	define('header/etag matches', 304, get('/api/header/etag', { 'if-none-match': '"v1"' })),
	define('header/etag matches weakly', 304, get('/api/header/etag', { 'if-none-match': 'W/"v1"' })),
	define('header/etag in a list', 200, get('/api/header/etag', { 'if-none-match': '"v0", "v1"' })),
	define('header/etag differs', 200, get('/api/header/etag', { 'if-none-match': '"v2"' })),
	define('header/weak etag', 200, get('/api/header/weak-etag', { 'if-none-match': 'W/"v1"' })),
	define(
		'header/a connection that is still good after a bad header',
		[500, 200],
		[get('/api/header/control'), get('/api/url')]
	),

	...codes.map((code) => define(`status/${code}`, code, get(`/api/status/${code}`))),
	define('status/HEAD 204', 204, request('HEAD', '/api/status/204')),
	define('status/HEAD 404', 404, request('HEAD', '/api/status/404')),
	define('status/304 and then more', [304, 200], [get('/api/status/304'), get('/api/url')]),
	define('status/204 and then more', [204, 200], [get('/api/status/204'), get('/api/url')]),
	define('status/205 and then more', [205, 200], [get('/api/status/205'), get('/api/url')]),
	define('status/below 200', 500, get('/api/status/100')),

	...endpoint_methods.map((method) =>
		define(
			`method/${method}`,
			method === 'OPTIONS' ? 204 : 200,
			request(method, '/api/methods', { headers: { ...own, 'content-type': 'text/plain' } })
		)
	),
	...other_methods.map((method) =>
		define(`method/${method}`, 405, request(method, '/api/methods', { headers: own }))
	),
	...[...endpoint_methods, ...other_methods].map((method) =>
		define(
			`method/fallback for ${method}`,
			200,
			request(method, '/api/fallback', { headers: { ...own, 'content-type': 'text/plain' } })
		)
	),
	define('method/get only, POST', 405, post('/api/get-only', 'x')),
	define('method/get only, HEAD', 200, request('HEAD', '/api/get-only')),
	define('method/get only, OPTIONS', 405, request('OPTIONS', '/api/get-only')),
	define('method/post only, GET', 405, get('/api/post-only')),
	define('method/post only, HEAD', 405, request('HEAD', '/api/post-only')),
	define(
		'method/page, PUT',
		405,
		request('PUT', '/', { headers: { 'content-type': 'text/plain', ...own } })
	),
	define('method/page, OPTIONS', 204, request('OPTIONS', '/')),
	define(
		'method/page, DELETE',
		405,
		request('DELETE', '/form', { headers: { 'content-type': 'text/plain', ...own } })
	),
	define('method/page with actions, OPTIONS', 204, request('OPTIONS', '/form')),
	define('method/page without actions, POST', 405, post('/', 'x')),
	define('method/lower case', 400, request('get', '/api/fallback'), { methods: ['GET'] }),
	define('method/unknown', 400, request('FROBNICATE', '/api/fallback'), { methods: ['GET'] }),
	define('method/TRACE', 400, request('TRACE', '/api/fallback')),
	define(
		'method/QUERY with a body',
		200,
		request('QUERY', '/api/query', {
			body: 'the question',
			headers: { 'content-type': 'text/plain', ...own }
		}),
		{ kits: [3] }
	),
	define('method/QUERY on a file', 405, request('QUERY', '/plain.txt', { body: 'x' }), {
		kits: [3]
	}),

	define('page/home', 200, get('/')),
	define('page/home as html', 200, get('/', { accept: 'text/html,*/*;q=0.8' })),
	define('page/load with fetches', 200, get('/load')),
	define('page/load with a cookie', 200, get('/load', { cookie: 'visit=5; other=x' })),
	define('page/load that sets headers and cookies', 200, get('/load/headers')),
	define('page/load streamed, at once', 200, get('/load/streamed')),
	define('page/data streamed, at once', 200, get('/load/streamed/__data.json')),
	define('page/streamed rejection', 200, get('/load/rejected')),
	define('page/no SSR', 200, get('/nossr')),
	define('page/expected error', 418, get('/error/expected')),
	define('page/unexpected error', 500, get('/error/unexpected')),
	define('page/error in render', 500, get('/error/render')),
	...[300, 301, 302, 303, 307, 308].map((code) =>
		define(`page/redirect ${code}`, code, get(`/error/redirect?status=${code}`))
	),
	define('page/HEAD with load', 200, request('HEAD', '/load')),
	define('page/and endpoint, html', 200, get('/both', { accept: 'text/html' })),
	define('page/and endpoint, json', 200, get('/both', { accept: 'application/json' })),
	define('page/and endpoint, anything', 200, get('/both', { accept: '*/*' })),
	define(
		'page/and endpoint, html with q',
		200,
		get('/both', { accept: 'application/json;q=0.5, text/html;q=0.6' })
	),
	define('page/and endpoint, no accept', 200, get('/both')),
	define(
		'page/and endpoint, HEAD',
		200,
		request('HEAD', '/both', { headers: { accept: 'text/html' } })
	),
	define(
		'page/and endpoint, PUT',
		200,
		request('PUT', '/both', { headers: { ...own, 'content-type': 'text/plain' } })
	),
	define(
		'page/and endpoint, DELETE',
		405,
		request('DELETE', '/both', { headers: { ...own, 'content-type': 'text/plain' } })
	),

	define('hook/answers itself', 200, get('/hook/short')),
	define('hook/throws', 500, get('/hook/throw')),
	define('hook/wraps a response', 404, get('/hook/wrapped')),

	define('cookies/several', 200, get('/api/cookies')),
	define('cookies/sent', 200, get('/api/cookies', { cookie: 'x=1; y="two"; z=%20; empty=' })),
	define('cookies/in two lines', 200, get('/api/cookies', { cookie: ['x=1', 'y=2'] })),
	define('cookies/broken', 200, get('/api/cookies', { cookie: ';;=;a;b=%zz;__proto__=1' })),

	define('read/asset', 200, get('/api/read')),
	define('platform/req', 200, get('/api/platform?a=b', { 'x-one': 'two', cookie: ['a=1', 'b=2'] })),
	define('platform/req of a POST', 200, post('/api/platform', 'body')),
	define(
		'platform/req with headers twice',
		200,
		get('/api/platform', { 'x-list': ['a', 'b'], 'user-agent': ['first', 'second'] })
	),

	define('remote/query', 200, get('/_app/remote/1ul7wfe/greeting')),
	define('remote/query, own origin', 200, get('/_app/remote/1ul7wfe/greeting', own)),
	define(
		'remote/command, foreign origin',
		403,
		request('POST', '/_app/remote/1ul7wfe/shout', {
			body: '{}',
			headers: { origin: 'https://evil.example', 'content-type': 'application/json' }
		})
	),
	define(
		'remote/command',
		200,
		post('/_app/remote/1ul7wfe/shout', '{"payload":"WyJoZXkiXQ"}', {
			'content-type': 'application/json'
		})
	)
];
