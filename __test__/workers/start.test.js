/** How a pool starts, how it fails to, and how it ends. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { cache_folder } from '../harness/paths.js';
import { parse_log, start_pool } from '../harness/pool.js';
import { start_failing } from '../harness/server.js';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';

/**
 * A file whose being there keeps workers from starting
 * @param {import('node:test').TestContext} t
 */
function obstacle(t) {
	const folder = fs.mkdtempSync(path.join(cache_folder('obstacles'), 'start-'));
	t.after(() => fs.rmSync(folder, { recursive: true }));
	const file = path.join(folder, 'obstacle');
	return {
		env: { FAIL_START: file },
		lay: () => fs.writeFileSync(file, ''),
		clear: () => fs.rmSync(file)
	};
}

/**
 * @param {import('../harness/pool.js').PoolServer} server
 * @param {number} code
 */
async function ends(server, code) {
	const limit = setTimeout(() => server.signal('SIGABRT'), 20_000);
	assert.deepEqual(await server.ended, { code, signal: null }, server.output());
	clearTimeout(limit);
}

describe('an app that does not start', { concurrency: 3 }, () => {
	for (const [name, env, seats] of /** @type {const} */ ([
		['two workers', { CLUSTER_WORKERS: '2' }, 2],
		['one isolated worker', { ISOLATED_WORKER: 'true' }, 1]
	])) {
		test(`${name}: exits 1 with the reason, after five tries each`, async (t) => {
			const build = await build_app({ kit: 3, adapter: 'oxide' });
			const { env: failing, lay } = obstacle(t);
			lay();
			const result = await start_failing({ build, env: { ...env, ...failing } });
			assert.equal('code' in result && result.code, 1, result.output);
			assert.match(result.output, /^Cannot start: no worker has started, .*: thrown by init$/m);
			assert.equal(
				result.output.match(/an uncaught exception: Error: thrown by init\n +at /g)?.length,
				1,
				'one stack is enough'
			);

			const failed = parse_log(result.output).filter(({ msg }) => msg === 'worker failed to start');
			for (let seat = 0; seat < seats; seat += 1) {
				const tries = failed.filter((entry) => entry.seat === String(seat));
				assert.ok(tries.length >= 5, `seat ${seat} was tried ${tries.length} times`);
				assert.ok(tries.every(({ cause }) => cause === 'thrown by init'));
			}
		});
	}

	test('readiness fails with the reason while a seat stays empty', async (t) => {
		const { env, lay, clear } = obstacle(t);
		const server = await start_pool({ env });
		t.after(() => server.stop());
		const readiness = async () => {
			const { status, body } = await exchange(server, get('/readiness'));
			return [status, JSON.parse(`${body}`)];
		};
		lay();
		assert.equal((await exchange(server, get('/api/die/exit'))).status, 502);
		const { seat } = await server.happens('worker died');
		const { reason } = await server.happens('pool not ready');
		assert.match(reason, RegExp(`seat ${seat} .*: thrown by init$`));
		assert.deepEqual(await readiness(), [503, { status: 'failing', reason }]);
		assert.equal((await server.status()).unready, reason);

		// who is there goes on
		assert.equal((await exchange(server, get('/health'))).status, 200);
		assert.notEqual(String((await server.who()).id), seat);

		clear();
		await server.happens('pool ready again');
		assert.deepEqual(await readiness(), [200, { status: 'ok' }]);
		assert.equal((await server.status()).unready, undefined);
		await server.complete();
		assert.equal(server.log('worker died').length, 1);
	});
});

describe('a pool that serves', () => {
	for (const kit of /** @type {const} */ ([3, 2])) {
		test(`each worker is instrumented before the app, kit ${kit}`, async (t) => {
			const server = await start_pool({ kit, variant: 'instrumented' });
			t.after(() => server.stop());
			const seen = new Map();
			for (let at = 0; at < 200 && seen.size < 2; at += 1) {
				const { id, ...rest } = await server.who();
				seen.set(id, rest);
			}
			assert.deepEqual([...seen.keys()].sort(), [1, 2]);
			for (const { count, startedAt, instrumented } of seen.values()) {
				assert.equal(count, 2);
				assert.ok(startedAt <= Date.now());
				assert.deepEqual(instrumented, ['before the app']);
			}
		});

		test(`pages, files, forms and streams, kit ${kit}`, async (t) => {
			const server = await start_pool({ kit });
			t.after(() => server.stop());
			for (const [target, status, text] of /** @type {const} */ ([
				['/', 200, '<html'],
				['/plain.txt', 200, ''],
				['/pre/never', 200, '<html'],
				['/api/url', 200, '"origin"'],
				['/error/expected', 418, ''],
				['/nowhere', 404, '']
			])) {
				const response = await exchange(server, get(target));
				assert.equal(response.status, status, target);
				assert.ok(`${response.body}`.includes(text), target);
			}
			const connection = await Connection.open(server);
			connection.send(get(`/api/stream/gated?key=start-${kit}`));
			await connection.sees('first');
			await exchange(server, get(`/api/gate/start-${kit}`));
			assert.equal(`${(await connection.response())?.body}`, 'first second');
			connection.close();
		});
	}
});

describe('a pool that ends', { concurrency: 3 }, () => {
	for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
		for (const kit of /** @type {const} */ ([3, 2])) {
			test(`${signal} drains all workers and tells the app in each, kit ${kit}`, async (t) => {
				const server = await start_pool({ kit });
				t.after(() => server.stop());
				const waiting = await Connection.open(server);
				waiting.send(get('/api/worker?wait=end'));
				const gate = await Connection.open(server);
				gate.send(get('/tiny.txt'));
				await Promise.all([gate.response(), server.says('?wait=end has begun')]);

				// a connection that was served before may ask once more
				gate.send('GET /api/gate/end HTTP/1.1\r\nhost: example.test\r\n');
				server.signal(signal);
				await server.happens('pool stops');
				assert.ok(!server.output().includes('sveltekit:shutdown'));
				gate.send('\r\n');
				assert.equal((await gate.response())?.status, 200);
				assert.equal((await waiting.response())?.status, 200);
				for (const connection of [gate, waiting]) connection.close();

				await ends(server, 0);
				const told = server.output().match(/^sveltekit:shutdown .*$/gm);
				assert.deepEqual(told, Array(2).fill(`sveltekit:shutdown ${signal}`));
				assert.equal(server.log('worker ended').length, 2);
				assert.deepEqual(
					server.log('pool stopped').map(({ stuck }) => stuck),
					['0']
				);
				assert.equal(server.log('worker died').length, 0);
			});
		}
	}

	for (const [signal, code] of /** @type {const} */ ([
		['SIGTERM', 143],
		['SIGINT', 130]
	])) {
		test(`a second ${signal} ends everything at once`, async (t) => {
			const server = await start_pool();
			t.after(() => server.stop());
			const waiting = await Connection.open(server);
			waiting.send(get('/api/worker?wait=for-ever'));
			await server.says('has begun');
			server.signal(signal);
			await server.happens('pool stops');
			server.signal(signal);
			await ends(server, code);
			assert.equal(await waiting.response(), null);
		});
	}

	test('a worker that loops does not outlive the process', async (t) => {
		const server = await start_pool({ env: { SHUTDOWN_TIMEOUT: '1' } });
		t.after(() => server.stop());
		const looping = await Connection.open(server);
		looping.send(get('/api/die/loop'));
		await server.says('loop in worker');
		server.signal('SIGTERM');
		await ends(server, 0);
		assert.equal(server.log('worker ended').length, 1);
		assert.deepEqual(
			server.log('worker terminated').map(({ why }) => why),
			['shutdown-timeout']
		);
		looping.close();
	});
});
