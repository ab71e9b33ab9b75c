/** Which worker gets a request, and who is not held up by a worker that is busy. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { blocker } from '../harness/block.js';
import { header } from '../harness/parse.js';
import { start_pool } from '../harness/pool.js';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';

/** @typedef {import('../harness/pool.js').PoolServer} PoolServer */

/**
 * Asks `count` times over each of `connections` at a time
 * @param {PoolServer} server
 * @param {number} connections
 * @param {number} count
 * @param {Record<string, string>} [headers]
 */
async function ask(server, connections, count, headers) {
	const series = Array.from({ length: connections }, async () => {
		const connection = await Connection.open(server);
		const answers = [];
		for (let at = 0; at < count; at += 1) answers.push((await server.who(connection, headers)).id);
		connection.close();
		return answers;
	});
	return (await Promise.all(series)).flat();
}

/** @param {number[]} answers how many of them came from each worker */
function tally(answers) {
	/** @type {Map<number, number>} */
	const counts = new Map();
	for (const id of answers) counts.set(id, (counts.get(id) ?? 0) + 1);
	return counts;
}

for (const strategy of ['round-robin', 'least-connections', 'cpu-based']) {
	describe(strategy, () => {
		/** @type {PoolServer} */
		let server;
		before(async () => {
			server = await start_pool({ env: { LOAD_BALANCING_STRATEGY: strategy } });
		});
		after(() => server?.stop());

		test('both workers get work', async () => {
			const answers = await ask(server, 8, 50);
			const counts = tally(answers);
			assert.deepEqual([...counts.keys()].sort(), [1, 2]);
			for (const count of counts.values()) assert.ok(count > 20, `${[...counts]}`);

			// and the status knows how much
			const { workers } = await server.status();
			const requests = workers.map(({ id, requests }) => [id, requests]);
			assert.deepEqual(requests, [...counts].sort());
		});

		test('a worker that is busy holds nobody up', { timeout: 60_000 }, async (t) => {
			const block = blocker(t);
			const busy = await Connection.open(server);
			busy.send(block.request);
			await server.says('blocking');
			const [first, ...others] = await ask(server, 4, 10);
			assert.ok(others.every((id) => id === first));
			assert.equal(busy.received.length, 0, 'the worker was not busy any more');
			block.release();
			assert.equal((await busy.response())?.status, 200);
			busy.close();
		});
	});
}

test('static files and health are answered while all workers are busy', async (t) => {
	const server = await start_pool();
	t.after(() => server.stop());
	const block = blocker(t);
	const busy = await Promise.all([Connection.open(server), Connection.open(server)]);
	for (const connection of busy) connection.send(block.request);
	await server.until(
		() => server.output().split('blocking').length === 3,
		'that both workers are busy'
	);

	const waiting = await Connection.open(server);
	waiting.send(get('/api/worker'));
	for (let round = 0; round < 20; round += 1) {
		for (const target of ['/health', '/readiness', '/plain.txt', '/pre/never']) {
			assert.equal((await exchange(server, get(target))).status, 200);
		}
	}
	const { status, stats } = await server.observe();
	assert.equal(status.waiting, 1);
	assert.equal(stats.renders, 3);
	assert.ok(
		[...busy, waiting].every(({ received }) => received.length === 0),
		'not all workers were busy any more'
	);
	block.release();
	for (const connection of [...busy, waiting]) {
		assert.equal((await connection.response())?.status, 200);
		connection.close();
	}
});

test('past the bounds of the line, 503 with retry-after', async (t) => {
	const env = { MAX_IN_FLIGHT: '1', MAX_QUEUE: '2', QUEUE_TIMEOUT: '1' };
	const server = await start_pool({ env });
	t.after(() => server.stop());
	/** @param {number} count */
	const waiters = async (count) => {
		const opened = [];
		for (let at = 0; at < count; at += 1) {
			const connection = await Connection.open(server);
			connection.send(get('/api/worker?wait=slots'));
			opened.push(connection);
		}
		return opened;
	};
	const running = await waiters(2);
	await server.until(
		() => server.output().split('has begun in worker').length === 3,
		'that both workers are at their limit'
	);
	const queued = await waiters(2);
	await server.reaches(({ waiting }) => waiting === 2);

	const refused = await exchange(server, get('/api/worker'));
	assert.deepEqual([refused.status, header(refused, 'retry-after')], [503, '1']);
	assert.equal(header(refused, 'connection'), undefined);
	for (const connection of queued) {
		const response = await connection.response();
		assert.deepEqual([response?.status, response && header(response, 'retry-after')], [503, '1']);
		connection.close();
	}
	for (const connection of running) connection.close();
});

describe('sticky sessions', () => {
	const header_name = 'x-client';
	/** @type {PoolServer} */
	let server;
	before(async () => {
		server = await start_pool({
			workers: 3,
			env: { ENABLE_STICKY_SESSION: 'true', ADDRESS_HEADER: header_name }
		});
	});
	after(() => server?.stop());

	/** @param {string} address */
	const from = (address) => ({ [header_name]: address });

	/**
	 * @param {string} target
	 * @param {Record<string, string>} headers
	 */
	async function first_visit(target, headers) {
		const response = await exchange(server, get(target, headers));
		const cookie = header(response, 'set-cookie');
		return { id: JSON.parse(`${response.body}`).id, cookie, pair: `${cookie?.split(';')[0]}` };
	}

	/** One client's address for each worker, and the cookie it is given */
	async function clients() {
		/** @type {Map<number, { id: number, address: string, pair: string }>} */
		const found = new Map();
		for (let last = 1; found.size < 3; last += 1) {
			assert.ok(last < 255, 'some worker gets nobody');
			const address = `192.0.2.${last}`;
			const { id, pair } = await first_visit('/api/worker', from(address));
			found.set(id, { id, address, pair });
		}
		return [...found.values()];
	}

	test('the cookie binds, whatever the address', async () => {
		for (const { id, pair } of await clients()) {
			for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']) {
				const headers = { ...from(address), cookie: `other=1; ${pair}; more=2` };
				assert.deepEqual([...tally(await ask(server, 5, 4, headers))], [[id, 20]]);
			}
			// who has it is not given another
			const again = await exchange(server, get('/api/worker', { cookie: pair }));
			assert.equal(header(again, 'set-cookie'), undefined);
		}
	});

	test('without a cookie the address binds', async () => {
		for (const { id, address } of await clients()) {
			assert.deepEqual([...tally(await ask(server, 5, 4, from(address)))], [[id, 20]]);
		}
	});

	test('a forged cookie does not bind', async () => {
		const [one, two] = await clients();
		const [, seat] = /=(\d+)\./.exec(two.pair) ?? [];
		const forged = one.pair.replace(/=\d+\./, `=${seat}.`);
		for (const cookie of [forged, `${two.pair}0`, two.pair.replace(/.$/, '')]) {
			const headers = { ...from(one.address), cookie };
			const { id, cookie: fresh } = await first_visit('/api/worker', headers);
			assert.equal(id, one.id);
			assert.equal(fresh?.split(';')[0], one.pair);
		}
	});

	test('the cookie is for the browser alone, and no cache gives it to others', async () => {
		const { cookie } = await first_visit('/api/worker', from('192.0.2.1'));
		assert.match(
			`${cookie}`,
			/^oxide_worker=\d+\.[\da-f]{32}; Path=\/; HttpOnly; SameSite=Lax(; Secure)?$/
		);
		const target = '/api/worker?cache-control=public,max-age=60';
		assert.equal((await first_visit(target, from('192.0.2.1'))).cookie, undefined);
		// what no worker answers carries none
		assert.equal(header(await exchange(server, get('/plain.txt')), 'set-cookie'), undefined);
	});

	test('a worker’s successor has its clients', { timeout: 60_000 }, async () => {
		const [{ id, pair }] = await clients();
		const deadly = await exchange(server, get('/api/die/exit', { cookie: pair }));
		assert.equal(deadly.status, 502);
		const { seat } = await server.happens('worker died', { worker: id });
		// who comes while it starts waits for it, and keeps his seat
		await server.reaches(({ workers }) =>
			workers.some((worker) => String(worker.seat) === seat && worker.id !== id)
		);
		const early = await exchange(server, get('/api/worker', { cookie: pair }));
		assert.equal(header(early, 'set-cookie'), undefined);
		const { workers } = await server.complete();
		const successor = workers.find((worker) => String(worker.seat) === seat);
		const answers = tally(await ask(server, 5, 4, { cookie: pair }));
		assert.deepEqual([...answers], [[successor?.id, 20]]);
		assert.equal(JSON.parse(`${early.body}`).id, successor?.id);
	});
});
