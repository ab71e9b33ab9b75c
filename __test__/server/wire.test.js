/**
 * What the server does on the wire where adapter-node does otherwise or nothing at all.
 * Each decided difference of the parity suite is asserted here.
 */
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { header, values } from '../harness/parse.js';
import { start_server } from '../harness/server.js';
import { statics } from '../harness/statics.js';
import { Connection, exchange, fetch_text } from '../harness/wire.js';
import { chunked, get, post, post_chunked, request } from '../parity/case.js';

const host = 'host: example.test\r\n';
const upload = `POST /api/body/text HTTP/1.1\r\n${host}origin: https://example.test\r\ncontent-type: text/plain\r\n`;

/**
 * Messages that are refused before they are routed
 * @type {Array<[string, number, string | Uint8Array]>}
 */
const refused = [
	['no host', 400, 'GET /plain.txt HTTP/1.1\r\n\r\n'],
	['two hosts', 400, `GET /plain.txt HTTP/1.1\r\n${host}host: evil.example\r\n\r\n`],
	['two equal hosts', 400, `GET /plain.txt HTTP/1.1\r\n${host}${host}\r\n`],
	[
		'content-length, then chunked',
		400,
		`${upload}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`
	],
	[
		'chunked, then content-length',
		400,
		`${upload}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`
	],
	[
		'chunked twice',
		400,
		`${upload}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`
	],
	[
		'chunked in HTTP/1.0',
		400,
		upload.replace('HTTP/1.1', 'HTTP/1.0') + 'transfer-encoding: chunked\r\n\r\n0\r\n\r\n'
	],
	[
		'different content-lengths',
		400,
		`${upload}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`
	],
	['a negative content-length', 400, `${upload}content-length: -5\r\n\r\nhello`],
	['a coding that is not chunked', 400, `${upload}transfer-encoding: gzip\r\n\r\nhello`],
	['rubbish', 400, 'rubbish\r\n\r\n'],
	['two spaces', 400, `GET  /plain.txt HTTP/1.1\r\n${host}\r\n`],
	['HTTP/2.0 in the line', 400, `GET /plain.txt HTTP/2.0\r\n${host}\r\n`],
	['a space before the colon', 400, `GET /plain.txt HTTP/1.1\r\n${host}x-a : b\r\n\r\n`],
	['a folded header', 400, `GET /plain.txt HTTP/1.1\r\n${host}x-a: b\r\n c\r\n\r\n`],
	['a null byte in a value', 400, `GET /plain.txt HTTP/1.1\r\n${host}x-a: b\0c\r\n\r\n`],
	['invalid UTF-8 in the target', 400, `GET /\xff\xfe HTTP/1.1\r\n${host}\r\n`],
	[
		'more than 100 headers',
		431,
		get('/plain.txt', Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, '1'])))
	],
	['more than 64 KiB of headers', 431, get('/plain.txt', { 'x-big': 'b'.repeat(66_000) })],
	[
		'more than 64 KiB of headers in many',
		431,
		get(
			'/plain.txt',
			Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`x-${i}`, 'b'.repeat(900)]))
		)
	]
];

for (const kit of /** @type {const} */ ([3, 2])) {
	describe(`the wire, kit ${kit}`, () => {
		/** @type {import('../harness/server.js').RunningServer} */
		let server;

		before(async () => {
			server = await start_server({ build: await build_app({ kit, adapter: 'oxide' }) });
		});
		after(() => server?.stop());

		/**
		 * Sends everything at once and reads until the server closes
		 * @param {Array<string | Uint8Array>} messages
		 * @param {string[]} methods
		 */
		const until_closed = async (messages, methods) => {
			const connection = await Connection.open(server);
			try {
				for (const message of messages) connection.send(message);
				const responses = [];
				for (const method of [...methods, 'GET']) {
					const response = await connection.response(method);
					if (!response) break;
					responses.push(response);
				}
				assert.ok(connection.ended, 'the connection is still open');
				return responses;
			} finally {
				connection.close();
			}
		};

		for (const [name, status, bytes] of refused) {
			test(`refused: ${name}`, async () => {
				const responses = await until_closed([bytes, get('/tiny.txt')], ['GET']);
				assert.deepEqual(
					responses.map((response) => [response.status, header(response, 'connection')]),
					[[status, 'close']]
				);
			});
		}

		for (const bytes of [
			'zz\r\nhello\r\n0\r\n\r\n',
			'3\r\nhello\r\n0\r\n\r\n',
			'-1\r\nx\r\n',
			'fffffffffffffffff\r\nx\r\n'
		]) {
			test(`a bad chunk: ${JSON.stringify(bytes)}`, async () => {
				const responses = await until_closed([post_chunked('/api/body/caught'), bytes], ['POST']);
				assert.deepEqual(
					responses.map(({ status }) => status),
					[400]
				);
			});
		}

		test('100 headers and 60 KiB of them are fine', async () => {
			const many = Object.fromEntries(
				Array.from({ length: 99 }, (_, i) => [`x-${i}`, 'b'.repeat(600)])
			);
			const response = await exchange(server, get('/api/url', many));
			assert.equal(response.status, 200);
		});

		test('every answer from a file forbids sniffing', async () => {
			for (const [status, bytes] of /** @type {Array<[number, Buffer]>} */ ([
				[200, get('/plain.txt')],
				[200, get('/large.bin')],
				[200, get('/pre/never')],
				[200, request('HEAD', '/plain.txt')],
				[206, get('/plain.txt', { range: 'bytes=0-1' })]
			])) {
				const response = await exchange(server, bytes);
				assert.equal(response.status, status);
				assert.equal(header(response, 'x-content-type-options'), 'nosniff');
			}
		});

		test('what the app answers is not touched', async () => {
			const response = await exchange(server, get('/api/url'));
			assert.equal(header(response, 'x-content-type-options'), undefined);
		});

		test('several ranges get the whole file', async () => {
			const response = await exchange(server, get('/plain.txt', { range: 'bytes=0-1,4-5' }));
			assert.equal(response.status, 200);
			assert.equal(response.body.toString(), statics['plain.txt']);
		});

		test('no variant where it would not be smaller', async () => {
			for (const target of ['/tiny.txt', '/empty.txt', '/_app/version.json']) {
				const response = await exchange(server, get(target, { 'accept-encoding': 'br, gzip' }));
				assert.equal(header(response, 'content-encoding'), undefined);
				assert.equal(header(response, 'vary'), undefined);
			}
		});

		test('tags are of the content, and differ by variant', async () => {
			const tags = new Set();
			for (const encoding of ['identity', 'br', 'gzip']) {
				const response = await exchange(server, get('/plain.txt', { 'accept-encoding': encoding }));
				tags.add(header(response, 'etag'));
				assert.equal(header(response, 'vary'), 'Accept-Encoding');
			}
			assert.equal(tags.size, 3);
		});

		test('an empty body has a length', async () => {
			for (const target of [
				'/api/respond/null',
				'/api/respond/redirect',
				'/slash/never/',
				'/pre/never/'
			]) {
				const response = await exchange(server, get(target));
				assert.equal(response.framing, 'length', target);
				assert.equal(header(response, 'content-length'), '0', target);
			}
		});

		test('a location is escaped', async () => {
			const response = await exchange(server, get('/pre/item/with%20space/'));
			assert.equal(
				header(response, 'location'),
				kit === 3 ? '../with%20space' : '/pre/item/with%20space'
			);
		});

		test('the absolute form reaches the same resource', async () => {
			const file = await exchange(server, request('GET', 'http://example.test/plain.txt'));
			assert.equal(file.body.toString(), statics['plain.txt']);
			const url = JSON.parse(
				(await exchange(server, request('GET', 'http://example.test/api/url?a'))).body.toString()
			);
			assert.equal(url.href, 'https://example.test/api/url?a');
		});

		test('the asterisk is refused, CONNECT is not a proxy', async () => {
			assert.equal((await exchange(server, request('OPTIONS', '*'))).status, 400);
			const [answer] = await until_closed([request('CONNECT', 'example.test:80')], ['CONNECT']);
			assert.ok(!answer || answer.status >= 400);
		});

		test('a header that cannot be written is a clean 500', async () => {
			const response = await exchange(server, get('/api/header/control'));
			assert.equal(response.status, 500);
			assert.equal(values(response, 'x-bad').length, 0);
			assert.equal(values(response, 'x-route').length, 0);
			assert.match(response.body.toString(), /^Invalid character in header content \["x-bad"\]$/);
		});

		test('a locked body is explained', async () => {
			const response = await exchange(server, get('/api/respond/locked'));
			assert.match(response.body.toString(), /^Fatal error: Response body is locked/);
		});

		test('HTTP/1.0 is answered in HTTP/1.0, and kept only when asked', async () => {
			const once = await until_closed([request('GET', '/api/url', { version: '1.0' })], ['GET']);
			assert.deepEqual([once.length, once[0].version], [1, '1.0']);

			const connection = await Connection.open(server);
			const again = request('GET', '/api/url', {
				version: '1.0',
				headers: { connection: 'keep-alive' }
			});
			for (let i = 0; i < 2; i += 1) {
				connection.send(again);
				const response = await connection.response();
				assert.equal(response && header(response, 'connection'), 'keep-alive');
			}
			connection.close();
		});

		test('the head of a stream does not wait for its body', async () => {
			const connection = await Connection.open(server);
			connection.send(get(`/api/stream/head?key=w-head-${kit}`));
			await connection.sees('x-head: early');
			await fetch_text(server, `/api/gate/w-head-${kit}`);
			const response = await connection.response();
			assert.deepEqual([response?.framing, response?.body.toString()], ['chunked', 'at last']);
			connection.close();
		});

		test('a stream of strings is one of bytes', async () => {
			const response = await exchange(server, get('/api/respond/strings'));
			assert.equal(response.complete, true);
			assert.equal(response.body.toString(), 'a stream of strings is no stream of bytes');
		});

		test('a stream that fails at once is never a complete answer', async () => {
			const connection = await Connection.open(server);
			connection.send(get('/api/respond/error-at-once'));
			const response = await connection.response();
			assert.ok(!response || response.status === 500 || !response.complete);
			connection.close();
		});

		test('what a stream writes is on its way before the stream goes on', async () => {
			const connection = await Connection.open(server);
			connection.send(get('/api/stream/turns?key=turns'));
			const text = ['a', 'b'].map((turn) => `${turn}${turn}${'-'.repeat(20_000)}${turn}.`).join('');
			await connection.sees('b.');
			await exchange(server, get('/api/gate/turns'));
			assert.equal((await connection.response())?.body.toString(), `${text}end`);
			connection.close();
		});

		for (const [name, target] of [
			['more than it promised', '/api/header/length-short'],
			['less than it promised', '/api/header/length-without-body']
		]) {
			test(`a route that sends ${name} harms no other answer`, async () => {
				const connection = await Connection.open(server);
				connection.send(Buffer.concat([get(target), get('/tiny.txt')]));
				const first = await connection.response();
				const second = await connection.response();
				// either the answer is sound and the connection goes on, or the connection is cut
				if (second) {
					assert.equal(first?.complete, true);
					assert.equal(second.body.toString(), statics['tiny.txt']);
				} else {
					assert.ok(connection.ended);
				}
				connection.close();
			});
		}

		test('nothing follows connection: close', async () => {
			const responses = await until_closed(
				[Buffer.concat([get('/plain.txt', { connection: 'close' }), get('/tiny.txt')])],
				['GET']
			);
			assert.deepEqual(
				responses.map(({ body }) => body.toString()),
				[statics['plain.txt']]
			);
		});

		test('a client that has sent all it has to say is answered', async () => {
			const connection = await Connection.open(server);
			connection.send(Buffer.concat([get('/api/url'), get('/plain.txt')]));
			connection.finish();
			assert.equal((await connection.response())?.status, 200);
			assert.equal((await connection.response())?.body.toString(), statics['plain.txt']);
			connection.close();
		});

		test('a client is told of the limit while it is still sending', async () => {
			const connection = await Connection.open(server);
			connection.send(post('/api/body/text', Buffer.alloc(20_000_000, 'x')));
			assert.equal((await connection.response('POST'))?.status, 413);
			await connection.end_of_stream();
			connection.close();
		});

		test('a client that asks before it sends too much is told 413', async () => {
			const connection = await Connection.open(server);
			connection.send(
				post_chunked('/api/body/text', {
					expect: '100-continue',
					'content-length': '99999999',
					'transfer-encoding': []
				})
			);
			const response = await connection.response('POST');
			assert.equal(response?.status, 413);
			assert.deepEqual(response?.interim, []);
			connection.close();
		});

		test('a body that nobody reads does not cost the connection', async () => {
			const connection = await Connection.open(server);
			for (const message of [
				post('/api/body/none', 'x'.repeat(60_000)),
				Buffer.concat([post_chunked('/api/body/none'), chunked(['x'.repeat(60_000)])]),
				post('/api/body/partial', 'x'.repeat(60_000))
			]) {
				connection.send(Buffer.concat([message, get('/tiny.txt')]));
				assert.equal((await connection.response('POST'))?.status, 200);
				assert.equal((await connection.response())?.body.toString(), statics['tiny.txt']);
			}
			connection.close();
		});

		test('methods are tokens that the app may know', async () => {
			for (const method of ['get', 'FROBNICATE', 'M-SEARCH']) {
				const response = await exchange(server, request(method, '/api/fallback'), {
					method: 'GET'
				});
				assert.equal(response.body.toString(), `fallback for ${method}`);
			}
		});
	});
}

describe('zstd', () => {
	/** @type {import('../harness/server.js').RunningServer} */
	let server;
	before(async () => {
		server = await start_server({
			build: await build_app({ kit: 3, adapter: 'oxide', variant: 'zstd' })
		});
	});
	after(() => server?.stop());

	for (const target of ['/plain.txt', '/large.txt', '/pre/never', '/page']) {
		test(`${target} has a variant`, async () => {
			const plain = await exchange(server, get(target));
			const zstd = await exchange(server, get(target, { 'accept-encoding': 'zstd' }));
			assert.equal(header(zstd, 'content-encoding'), 'zstd');
			assert.equal(header(zstd, 'vary'), 'Accept-Encoding');
			assert.notEqual(header(zstd, 'etag'), header(plain, 'etag'));
			assert.deepEqual(zlib.zstdDecompressSync(zstd.body), plain.body);
		});
	}

	test('weights choose between all three', async () => {
		for (const [accept, chosen] of [
			['zstd;q=0.5, gzip;q=0.4', 'zstd'],
			['zstd;q=0.1, gzip;q=0.4', 'gzip'],
			['zstd;q=0, gzip;q=0.1', 'gzip'],
			['br;q=0.2, zstd;q=0.3', 'zstd'],
			['zstd;q=0', undefined]
		]) {
			const response = await exchange(
				server,
				get('/plain.txt', { 'accept-encoding': String(accept) })
			);
			assert.equal(header(response, 'content-encoding'), chosen, accept);
		}
	});

	test('none without being asked for', async () => {
		const response = await exchange(server, get('/tiny.txt', { 'accept-encoding': 'zstd' }));
		assert.equal(header(response, 'content-encoding'), undefined);
	});
});
