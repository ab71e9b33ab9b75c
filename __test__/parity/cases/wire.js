/** HTTP/1 itself: versions, framing, and messages that are not quite right. RFC 9112. */
import { chunked, define, get, post, post_chunked, request } from '../case.js';

const host = 'host: example.test\r\n';
const body_headers = `${host}origin: https://example.test\r\ncontent-type: text/plain\r\n`;
const echo = '/api/body/text';

/**
 * A request as it stands, with no help
 * @param {string} name
 * @param {number | number[]} status
 * @param {string | Buffer | Array<string | Buffer>} bytes
 * @param {Parameters<typeof define>[3]} [options]
 */
const raw = (name, status, bytes, options) => define(`wire/${name}`, status, bytes, options);

export default [
	raw('HTTP/1.0', 200, request('GET', '/api/url', { version: '1.0' })),
	raw('HTTP/1.0 without a host', 400, 'GET /api/url HTTP/1.0\r\n\r\n'),
	raw(
		'HTTP/1.0 keep-alive',
		200,
		request('GET', '/api/url', { version: '1.0', headers: { connection: 'keep-alive' } })
	),
	raw(
		'HTTP/1.0 keep-alive, file',
		200,
		request('GET', '/plain.txt', { version: '1.0', headers: { connection: 'Keep-Alive' } })
	),
	raw('HTTP/1.0 file', 200, request('GET', '/plain.txt', { version: '1.0' })),
	raw('HTTP/1.0 file without a host', 200, 'GET /plain.txt HTTP/1.0\r\n\r\n'),
	raw(
		'HTTP/1.0 POST',
		200,
		request('POST', echo, {
			version: '1.0',
			body: 'old',
			headers: { origin: 'https://example.test', 'content-type': 'text/plain' }
		})
	),
	raw('HTTP/1.0 HEAD', 200, request('HEAD', '/plain.txt', { version: '1.0' })),
	raw('HTTP/1.1 close', 200, get('/api/url', { connection: 'close' })),
	raw('HTTP/1.1 close in a list', 200, get('/api/url', { connection: 'x-other, Close' })),
	raw('HTTP/1.1 keep-alive', 200, get('/api/url', { connection: 'keep-alive' })),
	raw('HTTP/1.1 file, close', 200, get('/plain.txt', { connection: 'close' })),
	raw('HTTP/1.2', 400, `GET /api/url HTTP/1.2\r\n${host}\r\n`, { methods: ['GET'] }),
	raw('HTTP/2.0 in the line', 200, `GET /api/url HTTP/2.0\r\n${host}\r\n`, { methods: ['GET'] }),
	raw('HTTP/0.9', 400, 'GET /api/url\r\n\r\n', { methods: ['GET'] }),
	raw('the preface of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { methods: ['PRI'] }),
	raw(
		'a TLS hello',
		400,
		Buffer.from('16030100a5010000a10303', 'hex').toString('latin1') + '\r\n\r\n',
		{ methods: ['GET'] }
	),
	raw('rubbish', 400, 'rubbish\r\n\r\n', { methods: ['GET'] }),
	raw('lower-case version', 400, `GET /api/url http/1.1\r\n${host}\r\n`, { methods: ['GET'] }),
	raw('two spaces in the line', 200, `GET  /api/url HTTP/1.1\r\n${host}\r\n`, { methods: ['GET'] }),
	raw('a tab in the line', 400, `GET\t/api/url\tHTTP/1.1\r\n${host}\r\n`, { methods: ['GET'] }),
	raw('a space in the target', 400, `GET /api/u rl HTTP/1.1\r\n${host}\r\n`, { methods: ['GET'] }),
	raw('a null byte in the target', 400, `GET /api\0/url HTTP/1.1\r\n${host}\r\n`, {
		methods: ['GET']
	}),
	raw('a trailing space in the line', 400, `GET /api/url HTTP/1.1 \r\n${host}\r\n`, {
		methods: ['GET']
	}),
	raw('no target', 400, `GET HTTP/1.1\r\n${host}\r\n`, { methods: ['GET'] }),
	raw('an empty line before', 200, `\r\n\r\nGET /api/url HTTP/1.1\r\n${host}\r\n`),
	raw('bare line feeds', 400, `GET /api/url HTTP/1.1\nhost: example.test\n\n`, {
		methods: ['GET']
	}),
	raw('a bare carriage return in a value', 400, `GET /api/url HTTP/1.1\r\n${host}x: a\rb\r\n\r\n`, {
		methods: ['GET']
	}),

	raw('no host', 400, 'GET /api/url HTTP/1.1\r\n\r\n'),
	raw('no host, file', 400, 'GET /plain.txt HTTP/1.1\r\n\r\n'),
	raw('empty host', 400, 'GET /api/url HTTP/1.1\r\nhost:\r\n\r\n'),
	raw('two hosts', 200, `GET /api/url HTTP/1.1\r\n${host}host: evil.example\r\n\r\n`),
	raw('two equal hosts', 200, `GET /api/url HTTP/1.1\r\n${host}${host}\r\n`),
	raw('two hosts, file', 200, `GET /plain.txt HTTP/1.1\r\n${host}host: evil.example\r\n\r\n`),
	raw('a host with a port', 200, 'GET /api/url HTTP/1.1\r\nhost: example.test:8080\r\n\r\n'),
	raw('a host in upper case', 200, 'GET /api/url HTTP/1.1\r\nHOST: EXAMPLE.TEST\r\n\r\n'),
	raw('a host that is an address', 200, 'GET /api/url HTTP/1.1\r\nhost: 127.0.0.1:3000\r\n\r\n'),
	raw('a host that is an IPv6 address', 200, 'GET /api/url HTTP/1.1\r\nhost: [::1]:3000\r\n\r\n'),
	raw('a host with a path', 404, 'GET /api/url HTTP/1.1\r\nhost: evil.example/path\r\n\r\n'),
	raw('a host with a user', 400, 'GET /api/url HTTP/1.1\r\nhost: user@evil.example\r\n\r\n'),
	raw('a host with a space', 400, 'GET /api/url HTTP/1.1\r\nhost: evil example\r\n\r\n'),
	raw('a host with a bad port', 400, 'GET /api/url HTTP/1.1\r\nhost: example.test:99999\r\n\r\n'),
	raw('a host beyond ASCII', 200, 'GET /api/url HTTP/1.1\r\nhost: b\u00fccher.example\r\n\r\n'),
	raw('a host with a query', 200, 'GET /api/url HTTP/1.1\r\nhost: evil.example?a\r\n\r\n'),
	raw('a host with a percent', 400, 'GET /api/url HTTP/1.1\r\nhost: %zz\r\n\r\n'),
	raw('a host with an underscore', 200, 'GET /api/url HTTP/1.1\r\nhost: under_score.test\r\n\r\n'),

	raw('a header without a colon', 400, `GET /api/url HTTP/1.1\r\n${host}nonsense\r\n\r\n`, {
		methods: ['GET']
	}),
	raw('a space before the colon', 400, `GET /api/url HTTP/1.1\r\n${host}x-a : b\r\n\r\n`, {
		methods: ['GET']
	}),
	raw('an empty name', 400, `GET /api/url HTTP/1.1\r\n${host}: b\r\n\r\n`, { methods: ['GET'] }),
	raw('a folded header', 400, `GET /api/url HTTP/1.1\r\n${host}x-a: b\r\n c\r\n\r\n`, {
		methods: ['GET']
	}),
	raw('a null byte in a value', 400, `GET /api/url HTTP/1.1\r\n${host}x-a: b\0c\r\n\r\n`, {
		methods: ['GET']
	}),
	raw(
		'a control character in a value',
		400,
		`GET /api/url HTTP/1.1\r\n${host}x-a: b\x01c\r\n\r\n`,
		{ methods: ['GET'] }
	),
	raw('a name with parentheses', 400, `GET /api/url HTTP/1.1\r\n${host}x(a): b\r\n\r\n`, {
		methods: ['GET']
	}),
	raw('a name beyond ASCII', 400, `GET /api/url HTTP/1.1\r\n${host}x-\u00fc: b\r\n\r\n`, {
		methods: ['GET']
	}),
	raw(
		'no space after the colon',
		200,
		'GET /api/echo HTTP/1.1\r\nhost:example.test\r\nx-a:b\r\n\r\n'
	),
	raw(
		'101 headers',
		200,
		`GET /api/url HTTP/1.1\r\n${host}${Array.from({ length: 120 }, (_, i) => `x-${i}: ${i}\r\n`).join('')}\r\n`
	),
	raw(
		'20 kB of headers',
		431,
		`GET /api/url HTTP/1.1\r\n${host}x-big: ${'b'.repeat(20_000)}\r\n\r\n`
	),
	raw(
		'80 kB of headers',
		431,
		`GET /api/url HTTP/1.1\r\n${host}x-big: ${'b'.repeat(80_000)}\r\n\r\n`
	),
	raw('20 kB of target', 431, `GET /api/url?${'q'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`),

	raw(
		'content-length and chunked',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
		{ methods: ['POST'] }
	),
	raw(
		'chunked and content-length',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
		{ methods: ['POST'] }
	),
	raw(
		'two equal content-lengths',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`,
		{ methods: ['POST'] }
	),
	raw(
		'two different content-lengths',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`,
		{ methods: ['POST'] }
	),
	raw(
		'a list of content-lengths',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: 5, 5\r\n\r\nhello`,
		{ methods: ['POST'] }
	),
	raw(
		'a negative content-length',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: -5\r\n\r\nhello`,
		{ methods: ['POST'] }
	),
	raw(
		'a content-length with a plus',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: +5\r\n\r\nhello`,
		{ methods: ['POST'] }
	),
	raw(
		'a hexadecimal content-length',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: 0x5\r\n\r\nhello`,
		{ methods: ['POST'] }
	),
	raw(
		'a content-length of letters',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: five\r\n\r\nhello`,
		{ methods: ['POST'] }
	),
	raw(
		'an empty content-length',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length:\r\n\r\n`,
		{ methods: ['POST'] }
	),
	raw(
		'a content-length beyond 64 bits',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: 99999999999999999999999\r\n\r\nhello`,
		{ methods: ['POST'] }
	),
	raw(
		'a content-length with leading zeros',
		200,
		`POST ${echo} HTTP/1.1\r\n${body_headers}content-length: 0005\r\n\r\nhello`
	),
	raw(
		'a transfer-encoding that is not chunked',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}transfer-encoding: gzip\r\n\r\nhello`,
		{ methods: ['POST'] }
	),
	raw(
		'chunked before another coding',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}transfer-encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
		{ methods: ['POST'] }
	),
	raw(
		'another coding before chunked',
		200,
		`POST ${echo} HTTP/1.1\r\n${body_headers}transfer-encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
		{ methods: ['POST'] }
	),
	raw(
		'identity, chunked',
		200,
		`POST ${echo} HTTP/1.1\r\n${body_headers}transfer-encoding: identity, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
		{ methods: ['POST'] }
	),
	raw(
		'chunked twice',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
		{ methods: ['POST'] }
	),
	raw(
		'chunked in capitals',
		200,
		`POST ${echo} HTTP/1.1\r\n${body_headers}transfer-encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n`
	),
	raw(
		'chunked with a vertical tab',
		400,
		`POST ${echo} HTTP/1.1\r\n${body_headers}transfer-encoding: \x0bchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
		{ methods: ['POST'] }
	),
	raw(
		'chunked in HTTP/1.0',
		200,
		`POST ${echo} HTTP/1.0\r\n${body_headers}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
		{ methods: ['POST'] }
	),

	define('chunked/extensions', 200, [
		post_chunked(echo),
		chunked(['one ', 'two'], { extension: ';name=value;flag' })
	]),
	define('chunked/quoted extension', 200, [
		post_chunked(echo),
		chunked(['one ', 'two'], { extension: ';a="b c"' })
	]),
	define('chunked/trailers', 200, [
		post_chunked('/api/echo'),
		chunked(['one'], { trailers: ['x-trailer: yes', 'x-other: 1'] })
	]),
	define('chunked/upper-case size', 200, [post_chunked(echo), 'A\r\n0123456789\r\n0\r\n\r\n']),
	define('chunked/leading zeros', 200, [post_chunked(echo), '00003\r\nabc\r\n000\r\n\r\n']),
	define('chunked/one byte at a time', 200, [
		post_chunked(echo),
		...'5\r\nhello\r\n0\r\n\r\n'.split('')
	]),
	define('chunked/many small chunks', 200, [
		post_chunked(echo),
		chunked(Array.from({ length: 2000 }, (_, i) => String(i % 10)))
	]),
	...[
		['no hexadecimal', 'xyz\r\nhello\r\n0\r\n\r\n'],
		['negative size', '-5\r\nhello\r\n0\r\n\r\n'],
		['size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
		['size too large for the data', '3\r\nhello\r\n0\r\n\r\n'],
		['size of more than 64 bits', 'fffffffffffffffff\r\nhello\r\n'],
		['space before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
		['no carriage return', '5\nhello\n0\n\n'],
		['no end of the data', '5\r\nhello0\r\n\r\n'],
		['empty size', '\r\nhello\r\n0\r\n\r\n']
	].map(([name, bytes]) =>
		define(`chunked/bad: ${name}`, 400, [post_chunked('/api/body/caught'), bytes], {
			methods: ['POST']
		})
	),

	define('continue/100-continue', 200, [
		request('POST', echo, {
			headers: {
				origin: 'https://example.test',
				'content-type': 'text/plain',
				expect: '100-continue',
				'content-length': '5'
			}
		}),
		{ sees: '100 Continue' },
		'hello'
	]),
	define('continue/100-continue, chunked', 200, [
		post_chunked(echo, { expect: '100-continue' }),
		{ sees: '100 Continue' },
		chunked(['hello'])
	]),
	define('continue/in capitals', 200, [
		request('POST', echo, {
			headers: {
				origin: 'https://example.test',
				'content-type': 'text/plain',
				expect: '100-Continue',
				'content-length': '5'
			}
		}),
		{ sees: '100 Continue' },
		'hello'
	]),
	define(
		'continue/the body comes at once',
		200,
		request('POST', echo, {
			body: 'hello',
			headers: {
				origin: 'https://example.test',
				'content-type': 'text/plain',
				expect: '100-continue'
			}
		})
	),
	define('continue/a body nobody reads', 200, [
		request('POST', '/api/body/none', {
			headers: {
				origin: 'https://example.test',
				'content-type': 'text/plain',
				expect: '100-continue',
				'content-length': '5'
			}
		}),
		{ sees: 'not read' },
		'hello'
	]),
	define('continue/GET without a body', 200, get('/api/url', { expect: '100-continue' })),
	define('continue/a file', 200, get('/plain.txt', { expect: '100-continue' })),
	define('continue/an unknown expectation', 417, get('/api/url', { expect: 'the-impossible' })),
	define(
		'continue/an unknown expectation of a POST',
		417,
		post(echo, 'x', { expect: 'the-impossible' })
	),

	define(
		'upgrade/to a websocket on a page',
		200,
		get('/api/url', {
			connection: 'upgrade',
			upgrade: 'websocket',
			'sec-websocket-version': '13',
			'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
		})
	),
	define(
		'upgrade/to h2c',
		200,
		get('/api/url', { connection: 'upgrade, http2-settings', upgrade: 'h2c', 'http2-settings': '' })
	),

	define(
		'half/the client finishes inside the head',
		400,
		['GET /api/url HTTP/1.1\r\nhost: exa', { finish: true }],
		{ methods: ['GET'] }
	),
	define(
		'half/the client finishes inside the body',
		400,
		[
			request('POST', '/api/body/caught', {
				headers: {
					origin: 'https://example.test',
					'content-type': 'text/plain',
					'content-length': '50'
				}
			}),
			'half',
			{ finish: true }
		],
		{ methods: ['POST'] }
	),
	define('half/nothing is sent at all', [], [{ finish: true }], { methods: ['GET'] })
];
