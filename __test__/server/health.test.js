/** The built-in endpoints, the origin at run time, and the timeouts of the server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { blocker } from '../harness/block.js';
import { header } from '../harness/parse.js';
import { start_observed } from '../harness/observe.js';
import { start_failing, start_server } from '../harness/server.js';
import { Connection, exchange } from '../harness/wire.js';
import { get, post, request } from '../parity/case.js';

/** @typedef {Awaited<ReturnType<typeof start_observed>>} Observed */

describe('health', () => {
	/** @type {Observed} */
	let server;
	before(async () => {
		server = await start_observed();
	});
	after(() => server?.stop());

	for (const target of ['/health', '/readiness']) {
		test(`${target} is answered`, async () => {
			const response = await exchange(server, get(target));
			assert.equal(response.status, 200);
			assert.deepEqual(JSON.parse(response.body.toString()), { status: 'ok' });
			assert.equal(header(response, 'cache-control'), 'no-store');
		});
	}

	test('HEAD has no body, other methods are the app’s business', async () => {
		const head = await exchange(server, request('HEAD', '/health'));
		assert.deepEqual([head.status, head.body.length], [200, 0]);
		assert.equal((await exchange(server, post('/health', 'x'))).status, 404);
	});

	test('it is answered while JavaScript is busy', async (t) => {
		const block = blocker(t);
		const { stats } = await server.observe();
		const busy = await Connection.open(server);
		busy.send(block.request);
		await server.says('blocking');

		for (const target of ['/health', '/readiness', '/plain.txt', '/pre/never']) {
			assert.equal((await exchange(server, get(target))).status, 200);
		}
		assert.equal(busy.received.length, 0, 'JavaScript was not busy any more');

		block.release();
		assert.equal((await busy.response())?.body.toString(), 'done');
		busy.close();
		const after_all = await server.settles({ slots_in_use: 0 });
		assert.equal(after_all.renders - stats.renders, 1, 'only the busy request reached JavaScript');
	});
});

describe('health switched off', () => {
	test('the paths are the app’s again', async () => {
		const build = await build_app({ kit: 3, adapter: 'oxide' });
		const server = await start_server({ build, env: { HEALTH_CHECK: 'false' } });
		try {
			assert.equal((await exchange(server, get('/health'))).status, 404);
		} finally {
			await server.stop();
		}
	});
});

describe('ORIGIN', () => {
	for (const kit of /** @type {const} */ ([3, 2])) {
		test(`decides at run time, kit ${kit}`, async () => {
			const build = await build_app({ kit, adapter: 'oxide' });
			const server = await start_server({ build, env: { ORIGIN: 'https://env.example:8443' } });
			try {
				const url = JSON.parse((await exchange(server, get('/api/url'))).body.toString());
				assert.equal(url.origin, 'https://env.example:8443');
				const form = { 'content-type': 'application/x-www-form-urlencoded' };
				const own = { ...form, origin: 'https://env.example:8443' };
				assert.equal((await exchange(server, post('/form', 'a=1', own))).status, 200);
				const foreign = { ...form, origin: 'https://example.test' };
				assert.equal((await exchange(server, post('/form', 'a=1', foreign))).status, 403);
			} finally {
				await server.stop();
			}
		});

		for (const ORIGIN of ['example.test', 'ftp://example.test', '']) {
			test(`${JSON.stringify(ORIGIN)} is refused at start, kit ${kit}`, async () => {
				const build = await build_app({ kit, adapter: 'oxide' });
				const result = await start_failing({ build, env: { ORIGIN } });
				assert.equal('code' in result && result.code, 1, result.output);
				assert.match(result.output, /ORIGIN/);
			});
		}
	}

	test('a warning where the app was built for another origin', async () => {
		const build = await build_app({ kit: 3, adapter: 'oxide', variant: 'origin' });
		const server = await start_server({ build, env: { ORIGIN: 'https://env.example' } });
		try {
			assert.match(server.output(), /https:\/\/baked\.example/);
			assert.match(server.output(), /ORIGIN/);
		} finally {
			await server.stop();
		}
	});

	test('every mistake is told at once', async () => {
		const build = await build_app({ kit: 3, adapter: 'oxide' });
		const env = {
			ORIGIN: 'nonsense',
			BODY_SIZE_LIMIT: 'much',
			KEEP_ALIVE_TIMEOUT: 'long',
			PORT: 'http'
		};
		const result = await start_failing({ build, env });
		assert.equal('code' in result && result.code, 1, result.output);
		for (const [name, value] of Object.entries(env)) {
			assert.ok(result.output.includes(name), `${name} is missing in:\n${result.output}`);
			assert.ok(result.output.includes(value), `${value} is missing in:\n${result.output}`);
		}
	});
});

describe('timeouts', () => {
	/** @type {Observed} */
	let server;
	before(async () => {
		server = await start_observed({
			env: { REQUEST_TIMEOUT: '1', KEEP_ALIVE_TIMEOUT: '1', HEADERS_TIMEOUT: '1' }
		});
	});
	after(() => server?.stop());

	test('a route that never answers is a 504', async () => {
		const response = await exchange(server, get('/api/never'));
		assert.equal(response.status, 504);
		await server.settles({ slots_in_use: 0, exchanges_open: 0 });
		assert.match(server.output(), /\/api\/never/);
	});

	test('its signal is aborted', async () => {
		const waiting = await Connection.open(server);
		waiting.send(get('/api/wait/t-signal'));
		assert.equal((await waiting.response())?.status, 504);
		waiting.close();
		const journal = await exchange(server, get('/api/journal/t-signal'));
		assert.deepEqual(JSON.parse(journal.body.toString()), ['began false', 'signal aborted']);
	});

	test('a stream that has begun is not cut', async () => {
		const connection = await Connection.open(server);
		connection.send(get('/api/stream/gated?key=t-stream'));
		await connection.sees('first');
		assert.equal((await exchange(server, get('/api/never'))).status, 504);
		await exchange(server, get('/api/gate/t-stream'));
		assert.equal((await connection.response())?.body.toString(), 'first second');
		connection.close();
	});

	test('an idle connection is closed', async () => {
		const connection = await Connection.open(server);
		connection.send(get('/plain.txt'));
		assert.equal((await connection.response())?.status, 200);
		await connection.end_of_stream();
		assert.equal(connection.received.length, 0);
	});

	for (const [name, bytes] of [
		['half a head', 'GET /plain.txt HTTP/1.1\r\nhost: exa'],
		['nothing', '']
	]) {
		test(`a client that sends ${name} is not waited for`, async () => {
			const connection = await Connection.open(server);
			connection.send(bytes);
			await connection.end_of_stream();
			const answer = connection.received.toString('latin1');
			assert.ok(answer === '' || answer.startsWith('HTTP/1.1 408 '), answer);
			connection.close();
		});
	}
});
