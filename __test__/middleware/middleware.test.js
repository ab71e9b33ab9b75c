/**
 * `build/handler.js` in Express, Fastify and Polka: the host owns the socket, and everything
 * the build can answer is answered as our own server answers it.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { build_app } from '../harness/app.js';
import { header, values } from '../harness/parse.js';
import { install_locked } from '../harness/project.js';
import { start_server } from '../harness/server.js';
import { statics } from '../harness/statics.js';
import { Connection, exchange, fetch_text } from '../harness/wire.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const origin = 'https://site.example';
const limit = 64 * 1024;

/**
 * @param {string} host
 * @param {2 | 3} kit
 * @param {NodeJS.ProcessEnv} [env]
 */
async function start_host(host, kit, env = {}) {
	const packages = await install_locked('hosts', path.join(here, 'hosts'));
	const build = await build_app({ kit, adapter: 'oxide' });
	return start_server({
		build,
		entry: path.join(here, 'host.js'),
		env: {
			HOST_SERVER: host,
			PACKAGES: packages,
			BUILD: build,
			ORIGIN: origin,
			BODY_SIZE_LIMIT: String(limit),
			...env
		}
	});
}

/**
 * @param {string} method
 * @param {string} target
 * @param {Record<string, string>} [headers]
 * @param {string} [body]
 */
function request(method, target, headers = {}, body = '') {
	const lines = Object.entries({ host: 'site.example', ...headers });
	if (method === 'POST') lines.push(['content-length', String(Buffer.byteLength(body, 'latin1'))]);
	const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
	return `${method} ${target} HTTP/1.1\r\n${head}\r\n${body}`;
}

for (const { host, kit } of /** @type {const} */ ([
	{ host: 'express', kit: 3 },
	{ host: 'fastify', kit: 3 },
	{ host: 'polka', kit: 3 },
	{ host: 'express', kit: 2 }
])) {
	describe(`${host}, SvelteKit ${kit}`, { concurrency: false }, () => {
		/** @type {import('../harness/server.js').RunningServer} */
		let server;
		before(async () => {
			server = await start_host(host, kit);
		});
		after(() => server?.stop());

		/**
		 * @param {string} target
		 * @param {Record<string, string>} [headers]
		 */
		const get = (target, headers) => exchange(server, request('GET', target, headers));

		/**
		 * @param {string} target
		 * @param {string} body
		 * @param {Record<string, string>} [headers]
		 */
		const post = (target, body, headers) =>
			exchange(server, request('POST', target, headers, body));

		test('a static file, plain and as brotli', async () => {
			const plain = await get('/data.json');
			assert.equal(plain.status, 200);
			assert.equal(plain.body.toString(), statics['data.json']);
			assert.equal(header(plain, 'content-type'), 'application/json');
			assert.match(header(plain, 'etag') ?? '', /^(W\/)?".+"$/);

			const packed = await get('/data.json', { 'accept-encoding': 'gzip, br' });
			assert.equal(packed.status, 200);
			assert.equal(header(packed, 'content-encoding'), 'br');
			assert.match(header(packed, 'vary') ?? '', /accept-encoding/i);
			assert.equal(header(packed, 'content-length'), String(packed.body.length));
			assert.equal(zlib.brotliDecompressSync(packed.body).toString(), statics['data.json']);
		});

		test('HEAD of a static file', async () => {
			const response = await exchange(server, request('HEAD', '/data.json'));
			assert.equal(response.status, 200);
			const size = Buffer.byteLength(/** @type {string} */ (statics['data.json']));
			assert.equal(header(response, 'content-length'), String(size));
			assert.equal(response.body.length, 0);
		});

		for (const name of ['picture.png', 'large.bin']) {
			test(`ranges of ${name}`, async () => {
				const bytes = /** @type {Buffer} */ (statics[name]);
				const whole = await get(`/${name}`);
				assert.deepEqual(whole.body, bytes);

				const part = await get(`/${name}`, { range: 'bytes=100-1099' });
				assert.equal(part.status, 206);
				assert.equal(header(part, 'content-range'), `bytes 100-1099/${bytes.length}`);
				assert.equal(header(part, 'content-length'), '1000');
				assert.deepEqual(part.body, bytes.subarray(100, 1100));

				const beyond = await get(`/${name}`, { range: `bytes=${bytes.length}-` });
				assert.equal(beyond.status, 416);
				assert.equal(header(beyond, 'content-range'), `bytes */${bytes.length}`);
			});
		}

		test('304 for a file that is the same', async () => {
			const first = await get('/data.json');
			const etag = /** @type {string} */ (header(first, 'etag'));
			const again = await get('/data.json', { 'if-none-match': etag });
			assert.equal(again.status, 304);
			assert.equal(again.body.length, 0);
			const other = await get('/data.json', { 'if-none-match': '"other"' });
			assert.equal(other.status, 200);
		});

		test('a prerendered page, and the redirect to it', async () => {
			const page = await get('/pre/data');
			assert.equal(page.status, 200);
			assert.match(header(page, 'content-type') ?? '', /^text\/html/);
			assert.match(page.body.toString(), /item 49/);

			const redirect = await get('/pre/data/?a=1');
			assert.equal(redirect.status, 308);
			// SvelteKit 3 has it relative, SvelteKit 2 absolute
			const location = new URL(header(redirect, 'location') ?? '', `${origin}/pre/data/?a=1`);
			assert.equal(location.href, `${origin}/pre/data?a=1`);
		});

		test('a rendered page', async () => {
			const page = await get('/params/tar%20pit');
			assert.equal(page.status, 200);
			assert.match(header(page, 'content-type') ?? '', /^text\/html/);
			assert.match(page.body.toString(), /tar pit/);

			const redirect = await get('/params/tar%20pit/');
			assert.equal(redirect.status, 308);
		});

		test('a form action', async () => {
			const type = 'application/x-www-form-urlencoded';
			const response = await post('/form', 'a=1&b=two', { origin, 'content-type': type });
			assert.equal(response.status, 200);
			assert.match(response.body.toString(), /a=1&(amp;)?b=two/);

			const foreign = await post('/form', 'a=1', {
				origin: 'https://elsewhere.example',
				'content-type': type
			});
			assert.equal(foreign.status, 403);
		});

		test('the URL is that of ORIGIN', async () => {
			const { body } = await get('/api/url?q=1', { host: 'other.example' });
			assert.equal(JSON.parse(body.toString()).request, `${origin}/api/url?q=1`);
		});

		test('a streamed response comes as it is made', async () => {
			const connection = await Connection.open(server);
			try {
				connection.send(request('GET', `/api/stream/gated?key=${host}`));
				await connection.sees('first');
				assert.ok(!connection.received.includes('second'));
				await fetch_text(server, `/api/gate/${host}`);
				const response = await connection.response('GET');
				assert.equal(response?.status, 200);
				assert.equal(response?.complete, true);
				assert.equal(response?.body.toString(), 'first second');
			} finally {
				connection.close();
			}
		});

		test('a client that vanishes cancels the stream', async () => {
			const key = `vanished-${host}`;
			const connection = await Connection.open(server);
			connection.send(request('GET', `/api/stream/infinite?key=${key}`));
			await connection.sees('again');
			connection.vanish();

			// answered in the order of events, so asking again is waiting
			let journal = '';
			for (let i = 0; i < 1000 && !journal.includes('body cancelled'); i += 1) {
				journal = await fetch_text(server, `/api/journal/${key}`);
			}
			assert.match(journal, /body cancelled/);
		});

		test('a body up to the limit is read, one beyond it gets 413', async () => {
			const plain = { 'content-type': 'application/octet-stream' };
			const fits = await post('/api/echo', 'x'.repeat(limit), plain);
			assert.equal(fits.status, 200);
			assert.equal(JSON.parse(fits.body.toString()).body.length, limit);
			const beyond = await post('/api/echo', 'x'.repeat(limit + 1), plain);
			assert.equal(beyond.status, 413);
		});

		test('a body of unknown length is read', async () => {
			const head = [
				'POST /api/body/text HTTP/1.1',
				'host: site.example',
				'content-type: application/octet-stream',
				'transfer-encoding: chunked\r\n\r\n'
			].join('\r\n');
			const response = await exchange(server, `${head}3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`);
			assert.equal(response.body.toString(), 'abcdef');
		});

		test('cookies stay lines of their own', async () => {
			const response = await get('/api/cookies', { cookie: 'a=1' });
			assert.equal(response.status, 200);
			assert.ok(values(response, 'set-cookie').length > 1);
		});

		test('/health and /readiness', async () => {
			for (const target of ['/health', '/readiness']) {
				const response = await get(target);
				assert.equal(response.status, 200, target);
			}
		});

		test('a path nobody knows gets the error page of the app', async () => {
			const response = await get('/nowhere/at/all', { accept: 'text/html' });
			assert.equal(response.status, 404);
			assert.match(response.body.toString(), /error page 404/);
		});

		test('the host keeps its own route', async () => {
			const response = await get('/host');
			assert.equal(response.status, 200);
			assert.equal(response.body.toString(), 'the host itself');
		});

		test('the client address is that of the socket', async () => {
			const response = await get('/api/client-address', { 'x-forwarded-for': '1.2.3.4' });
			assert.equal(response.body.toString(), '127.0.0.1');
		});

		test('requests on one connection follow each other', async () => {
			const connection = await Connection.open(server);
			try {
				for (const target of ['/data.json', '/api/url', '/large.bin', '/nowhere', '/health']) {
					connection.send(request('GET', target));
					const response = await connection.response('GET');
					assert.equal(response?.status, target === '/nowhere' ? 404 : 200, target);
				}
			} finally {
				connection.close();
			}
		});

		test('the process ends when its server closes', async () => {
			server.signal('SIGTERM');
			assert.deepEqual(await server.ended, { code: 0, signal: null });
		});
	});
}

describe('environment', () => {
	test('ADDRESS_HEADER and XFF_DEPTH tell the client address', async () => {
		const env = { ADDRESS_HEADER: 'x-forwarded-for', XFF_DEPTH: '2' };
		const server = await start_host('express', 3, env);
		try {
			const forwarded = { 'x-forwarded-for': '9.9.9.9, 1.2.3.4, 10.0.0.1' };
			const response = await exchange(server, request('GET', '/api/client-address', forwarded));
			assert.equal(response.body.toString(), '1.2.3.4');
			const without = await exchange(server, request('GET', '/api/client-address'));
			assert.match(without.body.toString(), /^threw: .*x-forwarded-for/);
		} finally {
			await server.stop();
		}
	});

	test('every mistake is reported before the host listens', async () => {
		const forwarded = { ADDRESS_HEADER: 'x-forwarded-for' };
		await assert.rejects(
			() => start_host('express', 3, { ...forwarded, BODY_SIZE_LIMIT: 'lots', XFF_DEPTH: 'two' }),
			(error) => {
				assert.match(String(error), /BODY_SIZE_LIMIT/);
				assert.match(String(error), /XFF_DEPTH/);
				return true;
			}
		);
	});

	test('HOST and PORT are the host server’s business', async () => {
		const server = await start_host('express', 3, { HOST: 'no such host', PORT: 'http' });
		try {
			const response = await exchange(server, request('GET', '/host'));
			assert.equal(response.status, 200);
		} finally {
			await server.stop();
		}
	});
});
