/** `build/handler.js` inside other servers: the same answers, with theirs around them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { build_app, install } from '../harness/app.js';
import { header } from '../harness/parse.js';
import { apps } from '../harness/paths.js';
import { start_failing, start_server } from '../harness/server.js';
import { statics } from '../harness/statics.js';
import { Connection, exchange, fetch_text } from '../harness/wire.js';
import { chunked, get, post, post_chunked, request } from '../parity/case.js';

const hosts = ['express', 'fastify', 'polka', 'node'];
const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' };

for (const kit of /** @type {const} */ ([3, 2])) {
	for (const host of hosts) {
		describe(`inside ${host}, kit ${kit}`, () => {
			/** @type {import('../harness/server.js').RunningServer} */
			let server;

			before(async () => {
				const build = await build_app({ kit, adapter: 'oxide' });
				const entry = await install('hosts', [path.join(apps, 'hosts', `${host}.js`)]);
				server = await start_server({
					build,
					entry: path.join(entry, `${host}.js`),
					env: {
						HANDLER: pathToFileURL(path.join(build, 'handler.js')).href,
						BODY_SIZE_LIMIT: '100K'
					}
				});
			});
			after(() => server?.stop());

			test('the host keeps its own routes', async () => {
				assert.equal(await fetch_text(server, '/own'), 'the host itself');
			});

			test('a page', async () => {
				const response = await exchange(server, get('/load', { cookie: 'visit=5' }));
				assert.equal(response.status, 200);
				assert.equal(header(response, 'x-host'), host);
				assert.match(response.body.toString(), /"cookie":"5"|cookie&quot;:&quot;5/);
			});

			test('a file, its variants, parts and tags', async () => {
				const plain = await exchange(server, get('/plain.txt'));
				assert.equal(plain.body.toString(), statics['plain.txt']);
				assert.equal(header(plain, 'x-content-type-options'), 'nosniff');
				const brotli = await exchange(server, get('/plain.txt', { 'accept-encoding': 'br' }));
				assert.equal(header(brotli, 'content-encoding'), 'br');
				assert.deepEqual(zlib.brotliDecompressSync(brotli.body), plain.body);
				const part = await exchange(server, get('/plain.txt', { range: 'bytes=10-19' }));
				assert.deepEqual([part.status, part.body], [206, plain.body.subarray(10, 20)]);
				const tag = header(plain, 'etag') ?? '';
				const same = await exchange(server, get('/plain.txt', { 'if-none-match': tag }));
				assert.deepEqual([same.status, same.body.length], [304, 0]);
				const beyond = await exchange(server, get('/plain.txt', { range: 'bytes=9999-' }));
				assert.equal(beyond.status, 416);
			});

			test('a file from disk', async () => {
				const response = await exchange(server, get('/large.bin'));
				assert.deepEqual(response.body, statics['large.bin']);
				const part = await exchange(server, get('/large.bin', { range: 'bytes=-5' }));
				assert.deepEqual(part.body, Buffer.from(statics['large.bin']).subarray(-5));
				const head = await exchange(server, request('HEAD', '/large.bin'));
				assert.deepEqual([header(head, 'content-length'), head.body.length], ['400000', 0]);
			});

			test('what was prerendered, and its canonical path', async () => {
				assert.equal((await exchange(server, get('/pre/never'))).status, 200);
				const moved = await exchange(server, get('/pre/never/?a=b'));
				assert.equal(moved.status, 308);
				assert.equal(header(moved, 'location'), kit === 3 ? '../never?a=b' : '/pre/never?a=b');
				assert.equal((await exchange(server, post('/plain.txt', 'x'))).status, 405);
			});

			test('forms, and forged ones', async () => {
				const own = await exchange(server, post('/form', 'a=1', form));
				assert.equal(own.status, 200);
				assert.match(own.body.toString(), /a=1/);
				const forged = { ...form, origin: 'https://evil.example' };
				assert.equal((await exchange(server, post('/form', 'a=1', forged))).status, 403);
			});

			test('bodies of known and unknown length', async () => {
				const known = await exchange(server, post('/api/body/text', 'known'));
				assert.equal(known.body.toString(), 'known');
				const connection = await Connection.open(server);
				connection.send(Buffer.concat([post_chunked('/api/body/text'), chunked(['un', 'known'])]));
				assert.equal((await connection.response('POST'))?.body.toString(), 'unknown');
				connection.close();
			});

			test('a body over the limit', async () => {
				const response = await exchange(server, post('/api/body/text', 'x'.repeat(102_401)));
				assert.equal(response.status, 413);
			});

			test('a stream arrives in parts', async () => {
				const connection = await Connection.open(server);
				const key = `h-${kit}-${host}`;
				connection.send(get(`/api/stream/gated?key=${key}`));
				await connection.sees('first');
				await fetch_text(server, `/api/gate/${key}`);
				assert.equal((await connection.response())?.body.toString(), 'first second');
				connection.close();
			});

			test('a client that leaves is noticed', async () => {
				const key = `h-abort-${kit}-${host}`;
				const connection = await Connection.open(server);
				connection.send(get(`/api/stream/infinite?key=${key}`));
				await connection.sees('again');
				connection.vanish();
				for (let attempt = 0; ; attempt += 1) {
					const journal = await fetch_text(server, `/api/journal/${key}`);
					if (journal.includes('body cancelled')) break;
					assert.ok(attempt < 500, 'the stream was never cancelled');
				}
			});

			test('errors and unknown pages', async () => {
				assert.equal((await exchange(server, get('/api/respond/throw'))).status, 500);
				assert.equal((await exchange(server, get('/nowhere'))).status, 404);
				assert.equal((await exchange(server, get('/params/%ff'))).status, 400);
			});

			test('the request as the host knows it', async () => {
				const platform = JSON.parse(
					(await exchange(server, get('/api/platform?a=b'))).body.toString()
				);
				assert.deepEqual(
					[platform.method, platform.url, platform.http],
					['GET', '/api/platform?a=b', '1.1']
				);
				assert.equal(await fetch_text(server, '/api/client-address'), '127.0.0.1');
			});
		});
	}
}

describe('configuration of the handler', () => {
	test('its mistakes are told to the host', async () => {
		const build = await build_app({ kit: 3, adapter: 'oxide' });
		const entry = await install('hosts', [path.join(apps, 'hosts', 'node.js')]);
		const result = await start_failing({
			build,
			entry: path.join(entry, 'node.js'),
			env: {
				HANDLER: pathToFileURL(path.join(build, 'handler.js')).href,
				BODY_SIZE_LIMIT: 'much'
			}
		});
		assert.ok('code' in result && result.code, result.output);
		assert.match(result.output, /BODY_SIZE_LIMIT/);
	});

	test('the listener of the host is not its business', async () => {
		const build = await build_app({ kit: 3, adapter: 'oxide' });
		const entry = await install('hosts', [path.join(apps, 'hosts', 'node.js')]);
		const server = await start_server({
			build,
			entry: path.join(entry, 'node.js'),
			env: {
				HANDLER: pathToFileURL(path.join(build, 'handler.js')).href,
				PORT: 'the port of somebody else',
				SHUTDOWN_TIMEOUT: '30'
			}
		});
		assert.equal(await fetch_text(server, '/api/get-only'), 'get only');
		await server.stop();
	});
});
