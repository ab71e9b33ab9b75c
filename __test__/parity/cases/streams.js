/** Streams in both directions, pipelining, and clients that go away. */
import { chunked, define, get, post, post_chunked, request } from '../case.js';

const plain = { origin: 'https://example.test', 'content-type': 'text/plain' };

export default [
	define('stream/slow', 200, get('/api/stream/slow')),
	define('stream/events', 200, get('/api/stream/sse')),
	define('stream/events with a charset', 200, get('/api/stream/sse-charset')),
	define('stream/bulk', 200, get('/api/stream/bulk?mib=3')),
	define(
		'stream/twice on one connection',
		[200, 200],
		[get('/api/stream/slow'), get('/api/stream/slow')]
	),
	define('stream/the first chunk does not wait for the second', 200, [
		get('/api/stream/gated?key=s-gated'),
		{ sees: 'first' },
		{ aside: '/api/gate/s-gated' }
	]),
	define('stream/a body that starts late', 200, [
		get('/api/stream/head?key=s-head'),
		{ journal: 's-head', has: 'began' },
		{ aside: '/api/gate/s-head' }
	]),
	define(
		'stream/HEAD of a stream that never ends',
		200,
		request('HEAD', '/api/stream/infinite?key=s-head-infinite'),
		{ kits: [3] }
	),
	define('stream/a promise of load arrives later', 200, [
		get('/load/streamed?gate=s-load'),
		{ sees: 'at once' },
		{ aside: '/api/gate/s-load' }
	]),
	define('stream/data of load arrives later', 200, [
		get('/load/streamed/__data.json?gate=s-data'),
		{ sees: 'at once' },
		{ aside: '/api/gate/s-data' }
	]),
	define('stream/echo while it arrives', 200, [
		post_chunked('/api/stream/duplex'),
		chunked(['ping'], { end: '' }),
		{ sees: 'ping' },
		chunked(['pong'])
	]),
	define('stream/echo of a known length', 200, post('/api/stream/duplex', 'x'.repeat(200_000))),
	define('stream/HTTP/1.0', 200, request('GET', '/api/stream/slow', { version: '1.0' })),
	define(
		'stream/HTTP/1.0 keep-alive',
		200,
		request('GET', '/api/stream/slow', { version: '1.0', headers: { connection: 'keep-alive' } })
	),
	define('stream/connection: close', 200, get('/api/stream/slow', { connection: 'close' })),

	// what was sent before is there; what had not left yet may be lost by either server
	define('stream error/after a chunk', 200, [
		get('/api/stream/broken?key=s-broken'),
		{ sees: 'first' },
		{ aside: '/api/gate/s-broken' }
	]),

	define(
		'abort/while it streams',
		[],
		[
			get('/api/stream/infinite?key=a-stream'),
			{ sees: 'again' },
			{ vanish: true },
			{ journal: 'a-stream', has: 'body cancelled' },
			{ journal: 'a-stream', has: 'signal aborted' }
		],
		{ probe: false }
	),
	define(
		'abort/while it waits',
		[],
		[
			get('/api/wait/a-wait'),
			{ journal: 'a-wait', has: 'began false' },
			{ vanish: true },
			{ journal: 'a-wait', has: 'signal aborted' },
			{ aside: '/api/gate/a-wait' },
			{ journal: 'a-wait', has: 'answering true' }
		],
		{ probe: false, journal: 'a-wait' }
	),
	define(
		'abort/after the body was read',
		[],
		[
			post('/api/wait/a-read?read', 'all of it'),
			{ journal: 'a-read', has: 'body read' },
			{ vanish: true },
			{ journal: 'a-read', has: 'signal aborted' },
			{ aside: '/api/gate/a-read' },
			{ journal: 'a-read', has: 'answering true' }
		],
		{ probe: false, journal: 'a-read', kits: [3] }
	),
	define(
		'abort/in the middle of the body',
		[],
		[
			request('POST', '/api/wait/a-half?read', { headers: { ...plain, 'content-length': '100' } }),
			'only a part',
			{ journal: 'a-half', has: 'began false' },
			{ vanish: true },
			{ journal: 'a-half', has: 'body failed' },
			{ journal: 'a-half', has: 'signal aborted' },
			{ aside: '/api/gate/a-half' },
			{ journal: 'a-half', has: 'answering true' }
		],
		{ probe: false }
	),
	define(
		'abort/in the middle of a chunked body',
		[],
		[
			post_chunked('/api/wait/a-chunk?read'),
			chunked(['part'], { end: '' }),
			{ journal: 'a-chunk', has: 'began false' },
			{ vanish: true },
			{ journal: 'a-chunk', has: 'body failed' },
			{ journal: 'a-chunk', has: 'signal aborted' },
			{ aside: '/api/gate/a-chunk' },
			{ journal: 'a-chunk', has: 'answering true' }
		],
		{ probe: false }
	),
	define(
		'abort/not when all went well',
		200,
		[
			get('/api/wait/a-well'),
			{ journal: 'a-well', has: 'began false' },
			{ aside: '/api/gate/a-well' },
			{ journal: 'a-well', has: 'answering false' }
		],
		{ journal: 'a-well' }
	),

	define('pipeline/two pages', [200, 200], [Buffer.concat([get('/'), get('/load')])], {
		methods: ['GET', 'GET']
	}),
	define(
		'pipeline/five, mixed',
		[200, 200, 404, 200, 204],
		[
			Buffer.concat([
				get('/plain.txt'),
				get('/api/url'),
				get('/nowhere'),
				request('HEAD', '/'),
				get('/api/status/204')
			])
		],
		{ methods: ['GET', 'GET', 'GET', 'HEAD', 'GET'] }
	),
	define(
		'pipeline/the slow one first',
		[200, 200],
		[
			Buffer.concat([get('/api/wait/p-slow'), get('/plain.txt')]),
			{ journal: 'p-slow', has: 'began false' },
			{ aside: '/api/gate/p-slow' }
		],
		{ methods: ['GET', 'GET'] }
	),
	define(
		'pipeline/after an unread body',
		[200, 200],
		[Buffer.concat([post('/api/body/none', 'never read'), get('/api/url')])],
		{ methods: ['POST', 'GET'] }
	),
	define(
		'pipeline/after a large unread body',
		[200, 200],
		[Buffer.concat([post('/api/body/none', 'x'.repeat(400_000)), get('/api/url')])],
		{ methods: ['POST', 'GET'], kits: [3] }
	),
	define(
		'pipeline/after an unread chunked body',
		[200, 200],
		[Buffer.concat([post_chunked('/api/body/none'), chunked(['never ', 'read']), get('/api/url')])],
		{ methods: ['POST', 'GET'] }
	),
	define(
		'pipeline/after a partly read body',
		[200, 200],
		[Buffer.concat([post('/api/body/partial', 'x'.repeat(300_000)), get('/api/url')])],
		{ methods: ['POST', 'GET'], kits: [3] }
	),
	define(
		'pipeline/after a page that got a POST',
		[405, 200],
		[Buffer.concat([post('/', 'never read'), get('/api/url')])],
		{ methods: ['POST', 'GET'] }
	),
	define(
		'pipeline/after a POST to a file',
		[405, 200],
		[Buffer.concat([post('/plain.txt', 'never read'), get('/api/url')])],
		{ methods: ['POST', 'GET'], kits: [3] }
	),
	define(
		'pipeline/after a large POST to a file',
		[405, 200],
		[Buffer.concat([post('/plain.txt', 'x'.repeat(300_000)), get('/api/url')])],
		{ methods: ['POST', 'GET'], kits: [3] }
	),
	define(
		'pipeline/a body that looks like a request',
		[200, 200],
		[Buffer.concat([post('/api/body/none', get('/secret')), get('/api/url')])],
		{ methods: ['POST', 'GET'] }
	),
	define(
		'pipeline/twenty small ones',
		Array.from({ length: 20 }, () => 200),
		[Buffer.concat(Array.from({ length: 20 }, (_, i) => get(`/params/${i}`)))],
		{ methods: Array.from({ length: 20 }, () => 'GET') }
	),
	define(
		'pipeline/a stream, then a page',
		[200, 200],
		[Buffer.concat([get('/api/stream/slow'), get('/')])],
		{ methods: ['GET', 'GET'] }
	),
	define(
		'pipeline/an error, then a page',
		[500, 200],
		[Buffer.concat([get('/api/respond/throw'), get('/')])],
		{ methods: ['GET', 'GET'] }
	),
	define(
		'pipeline/posts that are read',
		[200, 200, 200],
		[
			Buffer.concat([
				post('/api/body/text', 'one'),
				post('/api/body/text', 'two'),
				post('/api/body/text', 'three')
			])
		],
		{ methods: ['POST', 'POST', 'POST'] }
	),
	define(
		'pipeline/split anywhere',
		[200, 200],
		[
			'GET /api/u',
			'rl HTTP/1.1\r\nho',
			'st: example.test\r',
			'\n\r\nGET /api/url HTT',
			'P/1.1\r\nhost: example.test\r\n\r',
			'\n'
		],
		{ methods: ['GET', 'GET'] }
	)
];
