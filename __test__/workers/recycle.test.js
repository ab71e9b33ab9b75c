/**
 * Workers that are replaced because of their requests, their age or their memory, under keep-alive
 * load: every request is answered and no connection is closed.
 *
 *   RECYCLES=200 node --test __test__/workers/recycle.test.js
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { start_pool } from '../harness/pool.js';
import { answered, ask, Load } from './load.js';
import { build_release } from './releases.js';

/** How many there are in the long test */
const RECYCLES = Number(process.env.RECYCLES ?? 50);

const MIB = 2 ** 20;

/** @typedef {import('../harness/pool.js').PoolServer} PoolServer */

/** Requests of several kinds, in turn */
function mixed() {
	const kinds = [
		ask('/release', { judge: answered('"release":"one"') }),
		ask('/', { judge: answered('rendered by one') }),
		ask('/stream', { judge: answered('end') }),
		ask('/release.txt', { judge: answered('one') }),
		ask('/health')
	];
	let next = 0;
	return () => kinds[next++ % kinds.length];
}

/**
 * @param {Load} load
 * @param {PoolServer} server
 */
async function was_lossless(load, server) {
	await load.stop();
	assert.deepEqual(load.failures, []);
	assert.equal(load.closed, 0, 'connections were closed');
	assert.equal(load.answered, load.asked);
	const deaths = server.log().filter((entry) => entry.level === 'error' || entry.level === 'warn');
	assert.deepEqual(deaths, []);
}

for (const { workers, ISOLATED_WORKER } of [
	{ workers: 2, ISOLATED_WORKER: 'false' },
	{ workers: 1, ISOLATED_WORKER: 'true' }
]) {
	describe(`${workers} worker${workers === 1 ? '' : 's'}`, { concurrency: false }, () => {
		/** @type {string} */
		let build;
		/** @type {PoolServer | undefined} */
		let server;
		before(async () => {
			build = await build_release('one');
		});
		after(() => server?.stop());

		/** @param {NodeJS.ProcessEnv} env */
		const start = async (env) => {
			await server?.stop();
			const env_of_all = { ISOLATED_WORKER, ...env };
			return (server = await start_pool({ build, workers, env: env_of_all }));
		};

		test('requests', { timeout: 300_000 }, async (t) => {
			// the single worker shows the same with fewer
			const count = workers === 1 ? Math.ceil(RECYCLES / 5) : RECYCLES;
			const server = await start({ MAX_REQUESTS_PER_WORKER: '40' });
			using load = new Load(server, { next: mixed() });
			const after = async (/** @type {number} */ recycles) => {
				const why = { why: 'requests' };
				await server.happens('worker replaced', why, { count: recycles, timeout: 250_000 });
				return (await server.observe()).rss / MIB;
			};
			const early = await after(Math.ceil(count / 3));
			const late = await after(count);
			await was_lossless(load, server);
			t.diagnostic(
				`${count} recycles, ${load.answered} requests; ` +
					`${early.toFixed(0)} MiB after a third, ${late.toFixed(0)} MiB at the end`
			);
			// a worker that is not let go of would take 10 MiB each time
			assert.ok(late - early < 60 + count, `grew from ${early} to ${late} MiB`);
		});

		test('age', { timeout: 60_000 }, async () => {
			const server = await start({ MAX_WORKER_AGE: '1s' });
			using load = new Load(server, { next: mixed() });
			await server.happens('worker replaced', { why: 'age' }, { count: workers + 1 });
			await was_lossless(load, server);
		});

		test('memory', { timeout: 60_000 }, async () => {
			const server = await start({ MAX_MEMORY_USAGE: '64mb', HEALTH_CHECK_INTERVAL: '200ms' });
			using load = new Load(server, { next: mixed() });
			// more than is allowed, and less than what V8 ends it at
			using leaking = new Load(server, {
				connections: 1,
				rest: 20,
				next: () => ask('/leak?most=60')
			});
			const why = { why: 'memory' };
			await server.happens('worker replaced', why, { count: workers, timeout: 50_000 });
			for (const { memory } of server.log('worker replaced')) {
				assert.ok(Number(memory) > 64 * MIB, memory);
			}
			await leaking.stop();
			assert.deepEqual(leaking.failures, []);
			await was_lossless(load, server);
		});
	});
}
