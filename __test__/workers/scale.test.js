/** How many workers there are, by hand and by load, and what the status says of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start_observed } from '../harness/observe.js';
import { start_pool } from '../harness/pool.js';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';

/** @typedef {import('../harness/pool.js').PoolServer} PoolServer */

/**
 * Asks over and over, each time as soon as there is an answer, until it is told to stop
 * @param {import('../harness/wire.js').Address} server
 * @param {number} connections
 * @param {string} target
 */
function load(server, connections, target) {
	let stopped = false;
	/** @type {Map<number | null, number>} how often each status came; `null` for no answer at all */
	const answers = new Map();
	const clients = Array.from({ length: connections }, async () => {
		const connection = await Connection.open(server);
		while (!stopped) {
			connection.send(get(target));
			const status = (await connection.response())?.status ?? null;
			answers.set(status, (answers.get(status) ?? 0) + 1);
			if (status === null) break;
		}
		connection.close();
	});
	return async () => {
		stopped = true;
		await Promise.all(clients);
		return answers;
	};
}

describe('by hand', { concurrency: 3 }, () => {
	test('SIGTTIN adds a worker, SIGTTOU takes one, no request fails', async (t) => {
		const server = await start_pool();
		t.after(() => server.stop());
		const stop = load(server, 8, '/api/worker');

		for (const [signal, from, to] of /** @type {const} */ ([
			['SIGTTIN', 2, 3],
			['SIGTTIN', 3, 4],
			['SIGTTOU', 4, 3],
			['SIGTTOU', 3, 2],
			['SIGTTOU', 2, 1],
			['SIGTTIN', 1, 2]
		])) {
			server.signal(signal);
			const count = server.log('pool scaled', { from, to, why: 'hand' }).length + 1;
			await server.happens('pool scaled', { from, to, why: 'hand' }, { count });
			const { workers } = await server.complete();
			assert.deepEqual(
				workers.map(({ seat }) => seat).sort(),
				Array.from({ length: to }, (_, seat) => seat)
			);
			assert.equal((await server.who()).count, to);
		}

		const answers = await stop();
		assert.deepEqual([...answers.keys()], [200]);
		assert.equal(server.log('worker died').length, 0);
		assert.equal(server.log('worker ended').length, 3);
		assert.equal(server.output().match(/^sveltekit:shutdown SIGTERM$/gm)?.length, 3);
	});

	test('one worker stays, whatever is asked for', async (t) => {
		const server = await start_pool({ workers: 1, env: { ISOLATED_WORKER: 'true' } });
		t.after(() => server.stop());
		server.signal('SIGTTOU');
		// the log says nothing of what is not done; this takes long enough to have heard of both
		server.signal('SIGHUP');
		await server.happens('all workers restarted');
		assert.deepEqual(server.log('pool scaled'), []);
		assert.equal((await server.complete()).wanted, 1);
	});

	test('who is taken finishes what it has', async (t) => {
		const server = await start_pool();
		t.after(() => server.stop());
		const waiting = [];
		for (let at = 0; at < 4; at += 1) {
			const connection = await Connection.open(server);
			connection.send(get(`/api/worker?wait=taken&at=${at}`));
			await server.says(`at=${at} has begun`);
			waiting.push(connection);
		}
		const stream = await Connection.open(server);
		stream.send(get('/api/stream/gated?key=taken-stream'));
		await stream.sees('first');

		server.signal('SIGTTOU');
		await server.happens('pool scaled', { from: 2, to: 1 });
		const { workers } = await server.status();
		assert.deepEqual(workers.map(({ state }) => state).sort(), ['draining', 'ready']);
		const staying = workers.find(({ state }) => state === 'ready')?.id;
		for (let at = 0; at < 5; at += 1) assert.equal((await server.who()).id, staying);

		await exchange(server, get('/api/gate/taken'));
		for (const connection of waiting) {
			assert.equal((await connection.response())?.status, 200);
			connection.close();
		}
		await exchange(server, get('/api/gate/taken-stream'));
		assert.equal(`${(await stream.response())?.body}`, 'first second');
		stream.close();
		await server.complete();
		assert.equal(server.log('worker ended').length, 1);
	});
});

test('by load: a pool that is busy grows', { timeout: 120_000 }, async (t) => {
	const env = {
		AUTO_SCALE: 'true',
		MIN_WORKERS: '1',
		MAX_WORKERS: '2',
		CPU_THRESHOLD: '10',
		// of the machine the tests run on nothing is known
		MEMORY_THRESHOLD: '100'
	};
	const server = await start_pool({ workers: 1, env });
	t.after(() => server.stop());
	const stop = load(server, 2, '/api/block?ms=100');
	const { from, to } = await server.happens('pool scaled', { why: 'load' }, { timeout: 60_000 });
	assert.deepEqual([from, to], ['1', '2']);
	await server.complete();
	assert.deepEqual([...(await stop()).keys()], [200]);
});

describe('the status', () => {
	test('tells of each worker', async (t) => {
		const server = await start_pool({ env: { HEALTH_CHECK_INTERVAL: '100ms' } });
		t.after(() => server.stop());
		const stop = load(server, 4, '/api/worker');
		const waiting = await Connection.open(server);
		waiting.send(get('/api/worker?wait=status'));
		await server.says('has begun');

		const { workers, ...pool } = await server.reaches(({ workers }) =>
			workers.every(({ heap, cpu, eventLoop, requests }) => heap && cpu && eventLoop && requests)
		);
		assert.deepEqual(
			[pool.wanted, pool.ready, pool.build, pool.rolling, pool.draining, pool.unready],
			[2, 2, 1, false, false, undefined]
		);
		assert.deepEqual(
			workers.map(({ id, seat, build, state, restarts }) => [id, seat, build, state, restarts]),
			[
				[1, 0, 1, 'ready', 0],
				[2, 1, 1, 'ready', 0]
			]
		);
		for (const worker of workers) {
			assert.ok(worker.uptime > 0 && worker.uptime < 300);
			assert.ok(worker.heap > 2 ** 20 && worker.heap < 2 ** 30);
			assert.ok(worker.external >= 0 && worker.external < 2 ** 30);
			assert.ok(worker.cpu <= 1 && worker.eventLoop <= 1);
			assert.ok(worker.eventLoopDelay >= 0);
		}
		assert.deepEqual([...(await stop()).keys()], [200]);

		// only the one that waits is left
		const idle = await server.reaches(
			({ workers }) => workers.reduce((sum, worker) => sum + worker.inFlight, 0) === 1
		);
		assert.equal(idle.waiting, 0);
		await exchange(server, get('/api/gate/status'));
		assert.equal((await waiting.response())?.status, 200);
		waiting.close();
		await server.reaches(({ workers }) => workers.every(({ inFlight }) => inFlight === 0));
	});

	test('tells how late an event loop runs', async (t) => {
		const server = await start_pool({ workers: 1, env: { ISOLATED_WORKER: 'true' } });
		t.after(() => server.stop());
		const busy = await Connection.open(server);
		busy.send(get('/api/block?ms=500'));
		await server.says('blocking');
		await server.who();
		const [{ eventLoopDelay }] = (await server.status()).workers;
		assert.ok(eventLoopDelay > 1, `${eventLoopDelay} ms`);
		busy.close();
	});

	test('knows the one worker of the main thread', async (t) => {
		const server = await start_observed({ env: { HEALTH_CHECK_INTERVAL: '100ms' } });
		t.after(() => server.stop());
		assert.equal((await exchange(server, get('/api/worker'))).status, 200);
		for (;;) {
			const { status } = await server.observe();
			const [worker] = status.workers;
			assert.deepEqual([status.wanted, status.ready, status.workers.length], [1, 1, 1]);
			assert.deepEqual(
				[worker.id, worker.seat, worker.build, worker.state, worker.requests, worker.restarts],
				[1, 0, 1, 'ready', 1, 0]
			);
			if (worker.heap > 0) break;
		}
	});
});
