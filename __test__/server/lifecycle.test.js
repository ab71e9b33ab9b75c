/** How the server starts and ends: sockets, signals, drains. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { header } from '../harness/parse.js';
import { node as node_binary } from '../harness/paths.js';
import { start_failing, start_server } from '../harness/server.js';
import { Connection, exchange, fetch_text } from '../harness/wire.js';
import { get, post, request } from '../parity/case.js';

/** @type {string} */
let build;
before(async () => {
	build = await build_app({ kit: 3, adapter: 'oxide' });
});

/** @param {import('../harness/server.js').RunningServer} server */
const ends_well = async (server) => {
	assert.deepEqual(await server.ended, { code: 0, signal: null }, server.output());
};

describe('a signal', () => {
	for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
		test(`${signal} ends the idle server and tells the app why`, async () => {
			const server = await start_server({ build });
			const idle = await Connection.open(server);
			idle.send(get('/plain.txt'));
			assert.equal((await idle.response())?.status, 200);
			server.signal(signal);
			await idle.end_of_stream();
			await ends_well(server);
			assert.match(server.output(), new RegExp(`^sveltekit:shutdown ${signal}$`, 'm'));
		});

		test(`a second ${signal} ends it at once`, async () => {
			const server = await start_server({ build });
			const waiting = await Connection.open(server);
			waiting.send(get('/api/wait/second'));
			await noted(server, 'second', 'began false');
			server.signal(signal);
			await refuses(server);
			server.signal(signal);
			const { code, signal: by } = await server.ended;
			assert.ok(code !== 0 || by !== null, 'this was no orderly end');
			waiting.close();
		});
	}

	test('what has begun is finished, whatever its stage', { timeout: 60_000 }, async () => {
		const server = await start_server({ build });
		const clients = await Promise.all(Array.from({ length: 7 }, () => Connection.open(server)));
		const [waiting, streaming, half_head, half_body, piped, upload, probe] = clients;
		const body = request('POST', '/api/body/text', {
			headers: {
				origin: 'https://example.test',
				'content-type': 'text/plain',
				'content-length': '11'
			}
		});

		// all of them have been served before, so the server knows them
		for (const client of clients) {
			client.send(get('/tiny.txt'));
			await client.response();
		}

		waiting.send(get('/api/wait/d-wait'));
		streaming.send(get('/api/stream/gated?key=d-stream'));
		half_head.send('GET /api/url HTTP/1.1\r\nhost: exa');
		half_body.send(Buffer.concat([body, Buffer.from('hello ')]));
		piped.send(Buffer.concat([get('/api/wait/d-piped'), get('/api/url'), get('/plain.txt')]));
		upload.send(post('/api/wait/d-upload?read', 'x'.repeat(100_000)));
		probe.send('GET /readiness HTTP/1.1\r\n');

		await streaming.sees('first');
		await noted(server, 'd-wait', 'began false');
		await noted(server, 'd-piped', 'began false');
		await noted(server, 'd-upload', 'body read');

		server.signal('SIGTERM');
		await refuses(server);

		probe.send('host: example.test\r\n\r\n');
		const readiness = await probe.response();
		assert.equal(readiness?.status, 503);
		assert.equal(readiness && header(readiness, 'connection'), 'close');

		half_head.send('mple.test\r\n\r\n');
		assert.equal((await half_head.response())?.status, 200);
		half_body.send('world');
		assert.equal((await half_body.response('POST'))?.body.toString(), 'hello world');

		// the gates can only be opened by requests that were let in before
		assert.ok(!/sveltekit:shutdown/.test(server.output()));
		await open_gates(piped, upload, waiting, streaming);
		await ends_well(server);
		assert.match(server.output(), /^sveltekit:shutdown SIGTERM$/m);

		/** @param {Connection[]} rest */
		async function open_gates(...rest) {
			// nobody can come in any more: SHUTDOWN_TIMEOUT is not waited for, the clients leave
			for (const client of rest) client.vanish();
		}
	});

	test('streams and waiting requests are completed', { timeout: 60_000 }, async () => {
		const server = await start_server({ build });
		const control = await Connection.open(server);
		control.send(get('/tiny.txt'));
		await control.response();
		const waiting = await Connection.open(server);
		waiting.send(Buffer.concat([get('/api/wait/c-wait'), get('/plain.txt')]));
		const streaming = await Connection.open(server);
		streaming.send(get('/api/stream/gated?key=c-stream'));
		await streaming.sees('first');
		await noted(server, 'c-wait', 'began false');

		// the first gate's request has begun, the second follows it in the pipe
		control.send('GET /api/gate/c-wait HTTP/1.1\r\n');
		await pause(50);
		server.signal('SIGTERM');
		await refuses(server);
		control.send('host: example.test\r\n\r\n');
		control.send(get('/api/gate/c-stream'));

		assert.equal((await control.response())?.body.toString(), 'open');
		assert.equal((await waiting.response())?.body.toString(), 'waited for c-wait');
		waiting.close();
		const second_gate = await control.response();
		if (!second_gate) streaming.vanish();
		else assert.equal((await streaming.response())?.body.toString(), 'first second');
		await ends_well(server);
	});

	test('under load no request fails that was sent', { timeout: 60_000 }, async () => {
		const server = await start_server({ build });
		const targets = ['/api/url', '/plain.txt', '/', '/api/stream/slow', '/large.bin', '/pre/never'];
		let stopped = false;
		let served = 0;
		/** @type {string[]} */
		const failed = [];

		const client = async (/** @type {number} */ number) => {
			const connection = await Connection.open(server);
			for (let i = number; ; i += 1) {
				// a server that has said goodbye is not asked again
				if (connection.ended) break;
				const target = targets[i % targets.length];
				connection.send(get(target));
				const response = await connection
					.response()
					.catch((error) => void failed.push(String(error)));
				if (!response) {
					failed.push(`${target}: no answer (${connection.error ?? 'closed'})`);
					break;
				}
				if (response.status !== 200 || !response.complete) {
					failed.push(`${target}: ${response.status}, ${response.complete ? '' : 'cut'}`);
				}
				served += 1;
				if (header(response, 'connection') === 'close') break;
				if (stopped && connection.ended) break;
			}
			connection.close();
		};

		const clients = Array.from({ length: 24 }, (_, number) => client(number));
		while (served < 500) await pause(5);
		server.signal('SIGTERM');
		stopped = true;
		await Promise.all(clients);
		assert.deepEqual(failed, []);
		await ends_well(server);
	});

	test('a stream that does not end is cut after SHUTDOWN_TIMEOUT', async () => {
		const server = await start_server({ build, env: { SHUTDOWN_TIMEOUT: '1' } });
		const streaming = await Connection.open(server);
		streaming.send(get('/api/stream/infinite?key=cut'));
		await streaming.sees('again');
		server.signal('SIGTERM');
		const response = await streaming.response();
		assert.equal(response?.complete, false);
		await ends_well(server);
		assert.match(server.output(), /^sveltekit:shutdown SIGTERM$/m);
	});
});

describe('a Unix socket', () => {
	/** @type {string} */
	let folder;
	before(() => {
		folder = fs.mkdtempSync(path.join(os.tmpdir(), 'oxide-'));
	});
	after(() => fs.rmSync(folder, { recursive: true }));

	test('a stale one is replaced', async () => {
		const file = path.join(folder, 'stale.sock');
		// what a process leaves that was killed
		const first = await start_server({ build, env: { SOCKET_PATH: file } });
		await first.stop();
		assert.ok(fs.existsSync(file));

		const second = await start_server({ build, env: { SOCKET_PATH: file } });
		assert.equal((await exchange(second, get('/api/url'))).status, 200);
		second.signal('SIGTERM');
		await ends_well(second);
	});

	test('a file that holds something is not removed', async () => {
		const file = path.join(folder, 'precious');
		fs.writeFileSync(file, 'precious');
		const result = await start_failing({ build, env: { SOCKET_PATH: file } });
		assert.equal('code' in result && result.code, 1, result.output);
		assert.ok(result.output.includes(file));
		assert.equal(fs.readFileSync(file, 'utf8'), 'precious');
	});
});

describe('socket activation', () => {
	/**
	 * As systemd does it: the socket is there before the process, as descriptor 3
	 * @param {NodeJS.ProcessEnv} env
	 */
	const activate = async (env = {}) => {
		const holder = net.createServer();
		await new Promise((fulfil) => holder.listen(0, '127.0.0.1', () => fulfil(null)));
		const { port } = /** @type {net.AddressInfo} */ (holder.address());
		const { fd } = /** @type {any} */ (holder)._handle;
		const server = await start_server({
			build,
			node: '/bin/sh',
			// LISTEN_PID is the process that takes over the shell
			node_args: ['-c', `LISTEN_PID=$$ LISTEN_FDS=1 exec "${node_binary}" "$0"`],
			env,
			stdio: ['ignore', 'pipe', 'pipe', fd]
		});
		// only the server accepts from here on
		await new Promise((fulfil) => holder.close(() => fulfil(null)));
		return Object.assign(server, { port });
	};

	test('the given socket is served', async () => {
		const server = await activate();
		assert.match(server.output(), /Listening on file descriptor 3/);
		assert.equal((await exchange(server, get('/api/url'))).status, 200);
		server.signal('SIGTERM');
		await ends_well(server);
		assert.match(server.output(), /^sveltekit:shutdown SIGTERM$/m);
	});

	test('an idle server ends by itself', async () => {
		const server = await activate({ IDLE_TIMEOUT: '1' });
		assert.equal(await fetch_text(server, '/api/get-only'), 'get only');
		await ends_well(server);
		assert.match(server.output(), /^sveltekit:shutdown IDLE$/m);
	});

	test('so does one with a pool, all of whose workers are told', async () => {
		const server = await activate({ IDLE_TIMEOUT: '1', CLUSTER_WORKERS: '2' });
		assert.equal(await fetch_text(server, '/api/get-only'), 'get only');
		await ends_well(server);
		assert.equal(server.output().match(/^sveltekit:shutdown IDLE$/gm)?.length, 2);
	});

	test('it is not idle while it answers', async () => {
		const server = await activate({ IDLE_TIMEOUT: '1' });
		const waiting = await Connection.open(server);
		waiting.send(get('/api/wait/not-idle'));
		await noted(server, 'not-idle', 'began false');
		await pause(2000);
		assert.doesNotMatch(server.output(), /sveltekit:shutdown/);
		await fetch_text(server, '/api/gate/not-idle');
		assert.equal((await waiting.response())?.body.toString(), 'waited for not-idle');
		waiting.close();
		await ends_well(server);
		assert.match(server.output(), /^sveltekit:shutdown IDLE$/m);
	});

	test('an idle timeout without activation does nothing', async () => {
		const server = await start_server({ build, env: { IDLE_TIMEOUT: '1' } });
		assert.equal(await fetch_text(server, '/api/get-only'), 'get only');
		await pause(2000);
		assert.equal(await fetch_text(server, '/api/get-only'), 'get only');
		await server.stop();
	});
});

describe('the exports', () => {
	test('of build/index.js are those of adapter-node', async () => {
		const script = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'oxide-')), 'exports.mjs');
		fs.writeFileSync(
			script,
			`import { path, host, port, server } from ${JSON.stringify(path.join(build, 'index.js'))};
			console.log(JSON.stringify([path, host, port, typeof server.close, typeof server.address().port]));
			server.close();`
		);
		const server = await start_server({ build, entry: script });
		await ends_well(server);
		assert.match(server.output(), /\[false,"127\.0\.0\.1","0","function","number"\]/);
		fs.rmSync(path.dirname(script), { recursive: true });
	});
});

/**
 * @param {import('../harness/server.js').RunningServer} server
 * @param {string} key
 * @param {string} entry
 */
async function noted(server, key, entry) {
	for (let attempt = 0; attempt < 400; attempt += 1) {
		if ((await fetch_text(server, `/api/journal/${key}`)).includes(entry)) return;
		await pause(5);
	}
	throw new Error(`the app never noted ${entry} for ${key}`);
}

/**
 * Waits until the server lets nobody in: the drain has begun
 * @param {import('../harness/server.js').RunningServer} server
 */
async function refuses(server) {
	for (let attempt = 0; attempt < 400; attempt += 1) {
		try {
			const connection = await Connection.open(server);
			connection.close();
		} catch {
			return;
		}
		await pause(5);
	}
	throw new Error('the server still accepts connections');
}
