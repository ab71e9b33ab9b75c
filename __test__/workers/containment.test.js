/**
 * What a worker's death costs: the exchange that it died of, and those it had that cannot be given
 * to another. Everyone else is served, and another worker takes its seat.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { must_run } from '../harness/command.js';
import { header } from '../harness/parse.js';
import { cache_folder } from '../harness/paths.js';
import { start_pool } from '../harness/pool.js';
import { start_server } from '../harness/server.js';
import { Connection, exchange } from '../harness/wire.js';
import { get, post } from '../parity/case.js';

/** @typedef {import('../harness/pool.js').PoolServer} PoolServer */

const BYSTANDERS = 10;

/** @param {PoolServer} server @param {string} how @returns {Promise<number>} which worker does it */
function doomed(server, how) {
	return server.until(() => {
		const found = [...server.output().matchAll(RegExp(`^${how} in worker (\\d+)\\.$`, 'gm'))];
		return Number(found.at(-1)?.[1]);
	}, `which worker has ${how}`);
}

/**
 * Requests that wait in both workers, half of what a death may hit
 * @param {PoolServer} server
 * @param {string} key
 */
async function bystanders(server, key) {
	const waiting = [];
	for (let number = 0; number < BYSTANDERS; number += 1) {
		const method = number % 5 < 3 ? 'GET' : 'POST';
		const target = `/api/worker?wait=${key}&number=${number}`;
		const connection = await Connection.open(server);
		connection.send(method === 'GET' ? get(target) : post(target, 'a body'));
		/** The workers that have begun with it, in order */
		const begun = () => {
			const line = RegExp(`^\\?wait=${key}&number=${number} has begun in worker (\\d+)\\.$`, 'gm');
			return [...server.output().matchAll(line)].map(([, id]) => Number(id));
		};
		const begins = (/** @type {number} */ times) =>
			server.until(() => begun().length >= times, `${key} ${number} begins ${times} times`);
		await begins(1);
		waiting.push({ method, connection, begun, begins, first: begun()[0] });
	}
	return waiting;
}

/** @param {PoolServer} server */
async function serves_without_workers(server) {
	for (const target of ['/health', '/plain.txt']) {
		assert.equal((await exchange(server, get(target))).status, 200);
	}
}

/**
 * What the client sees of the exchange that the worker dies of
 * @typedef {(connection: Connection) => Promise<void>} Fate
 */

/** @type {Fate} */
async function bad_gateway(connection) {
	const response = await connection.response('GET', 20_000);
	assert.equal(response?.status, 502);
	assert.equal(header(response, 'connection'), undefined);
}

/** @type {Fate} */
async function broken_stream(connection) {
	await connection.end_of_stream();
	const received = connection.received.toString('latin1');
	assert.match(received, /^HTTP\/1\.1 200 [^]*transfer-encoding: chunked[^]*first/i);
	assert.ok(!received.includes('\r\n0\r\n'), 'the stream must not look whole');
}

/** @type {Record<string, { cause: RegExp, fate?: Fate, says?: RegExp, late?: string }>} */
const deaths = {
	exit: { cause: /^exit code 7$/ },
	'exit-await': { cause: /^exit code 7$/ },
	'exit-timer': { cause: /^exit code 7$/ },
	'throw-timer': { cause: /thrown in a timer/, says: /Error: thrown in a timer\n +at / },
	rejection: { cause: /rejected and not handled/, says: /Error: rejected and not handled\n +at / },
	'rejection-late': { cause: /rejected after the answer/, late: 'answered' },
	loop: { cause: /unresponsive/, says: /GET \/api\/die\/loop\?when=loop-death:\n +at loop / },
	'loop-await': {
		cause: /unresponsive/,
		says: /GET \/api\/die\/loop-await\?when=loop-await-death:\n +at loop /
	},
	memory: {
		cause: /^out of memory$/,
		says: /has filled its heap while it answers GET \/api\/die\/memory\?when=memory-death:\n +at hoard /
	},
	'memory-array': {
		cause: /^out of memory$/,
		says: /GET \/api\/die\/memory-array\?when=memory-array-death:\n +at hoard_numbers /
	},
	'stream-exit': { cause: /^exit code 7$/, fate: broken_stream, late: 'first' },
	'stream-loop': {
		cause: /unresponsive/,
		says: /GET \/api\/die\/stream-loop\?when=stream-loop-death:\n +at loop /,
		fate: broken_stream,
		late: 'first'
	}
};

describe('a worker that dies', { concurrency: 2 }, () => {
	before(() => build_app({ kit: 3, adapter: 'oxide' }));

	for (const [how, { cause, fate = bad_gateway, says, late }] of Object.entries(deaths)) {
		test(`by ${how}`, { timeout: 60_000 }, async (t) => {
			// before a heap is full, collecting garbage may take as long as a loop is given
			const UNRESPONSIVE_TIMEOUT = how.startsWith('memory') ? '30' : '1';
			const server = await start_pool({
				env: { UNRESPONSIVE_TIMEOUT, MAX_MEMORY_USAGE: '64', HEALTH_CHECK_INTERVAL: '200ms' }
			});
			t.after(() => server.stop());
			const waiting = await bystanders(server, how);
			const deadly = await Connection.open(server);
			deadly.send(get(`/api/die/${how}?when=${how}-death`));
			const worker = await doomed(server, how);
			if (late !== undefined) await deadly.sees(late);
			await exchange(server, get(`/api/gate/${how}-death`));

			if (late === 'answered') assert.equal((await deadly.response())?.status, 200);
			else await fate(deadly);
			deadly.close();
			await serves_without_workers(server);

			// each of the others that can be asked again is, once
			for (const { method, begins, first } of waiting) {
				if (first === worker && method === 'GET') await begins(2);
			}
			const [, killed] = await Promise.all([
				exchange(server, get(`/api/gate/${how}`)),
				server.happens('worker died')
			]);
			let hit = 0;
			let given_on = 0;
			for (const { method, connection, begun, first } of waiting) {
				const response = await connection.response(method);
				connection.close();
				if (first !== worker) {
					assert.equal(response?.status, 200);
					assert.equal(begun().length, 1);
					continue;
				}
				hit += 1;
				const again = method === 'GET';
				if (again) given_on += 1;
				assert.equal(response?.status, again ? 200 : 502);
				assert.deepEqual(begun().length, again ? 2 : 1);
				if (again) assert.notEqual(begun()[1], worker);
			}
			assert.ok(hit > 0 && hit < waiting.length, 'both workers had something');

			assert.equal(killed.worker, String(worker));
			assert.match(killed.cause, cause);
			if (says !== undefined) await server.until(() => says.exec(server.output()), `${says}`);

			// another has its seat, and it was the only one to die
			const { workers } = await server.complete();
			const successor = workers.find(({ seat }) => String(seat) === killed.seat);
			assert.ok(Number(successor?.id) > worker);
			assert.match(String(successor?.lastDeath), cause);
			assert.equal(server.log('worker died').length, 1);
			assert.equal(successor?.restarts, 1);
			const stats = await server.settles({ slots_in_use: 0 });
			// the one that opened the gate may have been in the same worker
			assert.ok([given_on, given_on + 1].includes(stats.given_on), `${stats.given_on}`);
		});
	}
});

test('a thread that nothing can end holds nobody up', { timeout: 60_000 }, async (t) => {
	const folder = fs.mkdtempSync(path.join(cache_folder('pipes'), 'stuck-'));
	t.after(() => fs.rmSync(folder, { recursive: true }));
	const pipe = path.join(folder, 'pipe');
	await must_run('mkfifo', [pipe]);
	const env = { UNRESPONSIVE_TIMEOUT: '1', HEALTH_CHECK_INTERVAL: '200ms', LOG_LEVEL: 'debug' };
	const server = await start_pool({ env });
	t.after(() => server.stop());

	const waiting = await bystanders(server, 'native');
	const deadly = await Connection.open(server);
	deadly.send(get(`/api/die/native?when=native-death&file=${encodeURIComponent(pipe)}`));
	const worker = await doomed(server, 'native');
	await exchange(server, get('/api/gate/native-death'));
	const killed = await server.happens('worker died');
	assert.deepEqual([killed.worker, killed.cause], [String(worker), 'unresponsive']);
	await server.says(`Worker ${worker} does not respond, nor says where it is`);

	await bad_gateway(deadly);
	deadly.close();
	await exchange(server, get('/api/gate/native'));
	for (const { connection, first } of waiting) {
		// nobody knows which of them it is stuck with
		assert.equal((await connection.response())?.status, first === worker ? 502 : 200);
		connection.close();
	}
	const successor = await server.happens('worker ready', { seat: killed.seat }, { count: 2 });
	const [stuck] = (await server.status()).workers.filter(({ id }) => id === worker);
	assert.deepEqual([stuck?.state, stuck?.inFlight], ['terminated', 0], 'its thread is still there');

	// the thread has what it waits for, and goes before it reads
	fs.closeSync(fs.openSync(pipe, 'w'));
	await server.happens('terminated worker has gone', { worker });
	const { workers } = await server.complete();
	assert.ok(workers.some(({ id }) => String(id) === successor.worker));
	assert.equal(server.log('worker died').length, 1);
	await server.settles({ slots_in_use: 0, given_on: 0 });
});

describe('a request that is given on', () => {
	before(() => build_app({ kit: 3, adapter: 'oxide' }));

	test('may wait for its next worker as long as for its first', { timeout: 60_000 }, async (t) => {
		const server = await start_pool({ env: { UNRESPONSIVE_TIMEOUT: '3', QUEUE_TIMEOUT: '1' } });
		t.after(() => server.stop());
		const waiting = await bystanders(server, 'long');
		const deadly = await Connection.open(server);
		deadly.send(get('/api/die/loop?when=long-death'));
		const worker = await doomed(server, 'loop');
		await exchange(server, get('/api/gate/long-death'));
		await server.happens('worker died');
		await exchange(server, get('/api/gate/long'));
		for (const { method, connection, first } of waiting) {
			const response = await connection.response(method);
			connection.close();
			assert.equal(response?.status, first === worker && method === 'POST' ? 502 : 200);
		}
		await server.settles({ slots_in_use: 0, queue_expired: 0 });
	});

	test('is 503 where the line is full', { timeout: 60_000 }, async (t) => {
		const server = await start_pool({
			workers: 1,
			env: { ISOLATED_WORKER: 'true', MAX_QUEUE: '1', UNRESPONSIVE_TIMEOUT: '2' }
		});
		t.after(() => server.stop());
		const given_on = await Connection.open(server);
		given_on.send(get('/api/worker?wait=nobody'));
		await server.says('has begun');
		const deadly = await Connection.open(server);
		deadly.send(get('/api/die/loop-await?when=full-line'));
		await doomed(server, 'loop-await');
		await exchange(server, get('/api/gate/full-line'));
		await server.says('looping');
		// which nobody takes any more
		const next = await Connection.open(server);
		next.send(get('/api/worker'));
		for (let status; status?.waiting !== 1;) ({ status } = await server.observe());
		const response = await given_on.response();
		assert.equal(response?.status, 503);
		assert.equal(header(response, 'retry-after'), '1');
		assert.equal((await next.response())?.status, 200);
		for (const connection of [given_on, deadly, next]) connection.close();
	});
});

test(
	'a drain is not held up by what waits for a worker when the last has died',
	{
		timeout: 60_000
	},
	async (t) => {
		const server = await start_pool({
			workers: 1,
			env: {
				ISOLATED_WORKER: 'true',
				UNRESPONSIVE_TIMEOUT: '1',
				// neither of these ends it
				QUEUE_TIMEOUT: '600',
				SHUTDOWN_TIMEOUT: '600'
			}
		});
		t.after(() => server.stop());
		const deadly = await Connection.open(server);
		deadly.send(get('/api/die/loop-await?when=last'));
		await doomed(server, 'loop-await');
		await exchange(server, get('/api/gate/last'));
		const waiting = [await Connection.open(server), await Connection.open(server)];
		waiting[0].send(get('/api/worker'));
		waiting[1].send(post('/api/worker', 'a body'));
		for (let status; status?.waiting !== 2;) ({ status } = await server.observe());
		server.signal('SIGTERM');
		for (const connection of waiting) {
			const response = await connection.response('GET', 30_000);
			assert.equal(response?.status, 503);
			assert.equal(header(response, 'retry-after'), '1');
		}
		assert.equal((await deadly.response('GET', 30_000))?.status, 502);
		assert.deepEqual(await server.ended, { code: 0, signal: null });
	}
);

describe('without a pool', () => {
	test('process.exit ends the process', async () => {
		const build = await build_app({ kit: 3, adapter: 'oxide' });
		const server = await start_server({ build });
		const deadly = await Connection.open(server);
		deadly.send(get('/api/die/exit'));
		assert.deepEqual(await server.ended, { code: 7, signal: null });
		assert.equal(await deadly.response(), null);
	});
});
