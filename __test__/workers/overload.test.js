/**
 * More requests than the workers can carry: what is too much is refused at once, what was let in
 * is answered, nothing hangs, and whatever needs no worker notices nothing.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { start_pool } from '../harness/pool.js';
import { header } from '../harness/parse.js';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';
import { answered, ask, Load } from './load.js';
import { build_release } from './releases.js';

/** @typedef {import('../harness/pool.js').PoolServer} PoolServer */

/** @type {import('./load.js').Ask['judge']} */
const answered_or_refused = (response, connection) => {
	if (response?.status !== 503) return answered('turns')(response, connection);
	assert.equal(header(response, 'retry-after'), '1');
	return 'refused';
};

/**
 * @param {import('node:test').TestContext} t
 * @param {Parameters<typeof start_pool>[0]} options
 */
async function start(t, options) {
	const server = await start_pool(options);
	t.after(() => server.stop());

	/** @param {string} target */
	const open = async (target) => {
		const connection = await Connection.open(server);
		t.after(() => connection.close());
		connection.send(get(target));
		return connection;
	};
	/** @param {(status: Awaited<ReturnType<PoolServer['status']>>) => boolean} is */
	const becomes = async (is) => {
		for (let attempt = 0; attempt < 400; attempt += 1) {
			if (is(await server.status())) return;
			await pause(10);
		}
		throw new Error(JSON.stringify(await server.status()));
	};
	/** Keeps both workers busy; resolves once they are, to what becomes of those requests */
	const block = async (/** @type {number} */ ms) => {
		const blockers = await Promise.all([1, 2].map(() => open(`/burn?ms=${ms}`)));
		await becomes(({ workers }) => workers.every((worker) => worker.inFlight === 1));
		return async () => {
			for (const blocker of blockers) assert.equal((await blocker.response())?.status, 200);
		};
	};
	return { server, open, becomes, block };
}

describe('overload', { concurrency: false }, () => {
	/** @type {string} */
	let build;
	before(async () => {
		build = await build_release('one');
	});

	test('is refused at once, and the rest answered', { timeout: 60_000 }, async (t) => {
		const { server } = await start(t, { build, env: { MAX_QUEUE: '10' } });
		using load = new Load(server, {
			connections: 50,
			rest: 10,
			next: () => ask('/burn?ms=20', { judge: answered_or_refused })
		});
		const others = [
			ask('/health', { judge: answered() }),
			ask('/release.txt', { judge: answered('one') })
		];
		let next = 0;
		using aside = new Load(server, { connections: 2, next: () => others[next++ % 2] });
		await load.until(() => (load.counts['/burn?ms=20']?.answered ?? 0) > 150);
		await Promise.all([load.stop(), aside.stop()]);
		for (const { failures, closed, answered, asked } of [load, aside]) {
			assert.deepEqual(failures, []);
			assert.equal(closed, 0);
			assert.equal(answered, asked);
		}
		const { answered: carried, refused } = load.counts['/burn?ms=20'];
		t.diagnostic(`${carried} answered, ${refused} refused, ${aside.answered} aside`);
		assert.ok(refused > 0);
		const { stats } = await server.observe();
		assert.equal(stats.queue_refused, refused);
		assert.equal(stats.queue_expired, 0);
	});

	test('keeps no answer back for those after it', { timeout: 60_000 }, async (t) => {
		const { server, open, becomes } = await start(t, {
			build,
			workers: 1,
			env: { ISOLATED_WORKER: 'true' }
		});
		// while it is busy, the others gather
		const first = await open('/burn?ms=500');
		await becomes(({ workers }) => workers[0].requests === 1);
		const gathered = await Promise.all([1, 2, 3, 4].map(() => open('/burn?ms=100')));
		const answers = await Promise.all(
			gathered.map(async (connection) => {
				const response = await connection.response();
				return { came: Date.now(), over: JSON.parse(`${response?.body}`).over };
			})
		);
		assert.equal((await first.response())?.status, 200);
		const earliest = Math.min(...answers.map(({ came }) => came));
		const last = Math.max(...answers.map(({ over }) => over));
		assert.ok(earliest < last, 'the first answer came when the last was over');
		assert.equal((await server.status()).workers[0].requests, 5);
	});

	test('is refused after QUEUE_TIMEOUT', { timeout: 60_000 }, async (t) => {
		const { server, open, block } = await start(t, { build, env: { QUEUE_TIMEOUT: '500ms' } });
		const unblocked = await block(4000);
		const waiting = await Promise.all([1, 2, 3].map(() => open('/release')));
		for (const target of ['/health', '/release.txt']) {
			assert.equal((await exchange(server, get(target))).status, 200);
		}
		for (const connection of waiting) {
			const response = await connection.response();
			assert.equal(response?.status, 503);
			assert.equal(header(response, 'retry-after'), '1');
			assert.equal(connection.ended, false);
		}
		assert.equal((await server.observe()).stats.queue_expired, 3);
		await unblocked();
		// the same connections go on
		for (const connection of waiting) {
			connection.send(get('/release'));
			assert.equal((await connection.response())?.status, 200);
		}
	});

	test('has room again once clients have left the line', { timeout: 60_000 }, async (t) => {
		const { server, open, becomes, block } = await start(t, { build, env: { MAX_QUEUE: '20' } });
		const unblocked = await block(4000);
		const impatient = await Promise.all(Array.from({ length: 20 }, () => open('/release')));
		await becomes(({ waiting }) => waiting === 20);
		assert.equal((await exchange(server, get('/release'))).status, 503);
		for (const connection of impatient) connection.vanish();
		await server.settles({ aborted: 20 });
		const patient = await Promise.all(Array.from({ length: 20 }, () => open('/release')));
		await unblocked();
		for (const connection of patient) {
			assert.equal((await connection.response())?.status, 200);
		}
	});
});

test('a worker takes no more than MAX_IN_FLIGHT', { timeout: 60_000 }, async (t) => {
	const { server, open, becomes } = await start(t, {
		workers: 1,
		env: { ISOLATED_WORKER: 'true', MAX_IN_FLIGHT: '2', MAX_QUEUE: '3' }
	});
	const rendering = [await open('/api/wait/full?signal'), await open('/api/wait/full?signal')];
	await becomes(({ workers: [worker] }) => worker.inFlight === 2);
	const waiting = await Promise.all([1, 2, 3].map(() => open('/api/url')));
	await becomes((status) => status.waiting === 3);
	assert.equal((await exchange(server, get('/api/url'))).status, 503);
	assert.equal((await server.status()).workers[0].inFlight, 2);
	rendering[0].vanish();
	for (const connection of waiting) assert.equal((await connection.response())?.status, 200);
});
