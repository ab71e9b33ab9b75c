/**
 * Everything at once: workers that die in every way the app has, loops, full heaps, restarts,
 * deploys and changes of their number, under mixed load. Every request is accounted for: it is
 * answered right, or it has failed for a reason that is allowed. WebSockets notice nothing: all stay
 * open, and each message that was published reaches each of them once and in order.
 *
 *   CHAOS_SECONDS=60 CHAOS_SEED=7 node --test __test__/workers/chaos.test.js
 */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { build_app } from '../harness/app.js';
import { start_pool } from '../harness/pool.js';
import { exchange } from '../harness/wire.js';
import { get, request } from '../parity/case.js';
import { Listeners, LISTENERS_ENV } from './listeners.js';
import { answered, ask, Load } from './load.js';
import { rename_build, Site } from './releases.js';

/** @typedef {import('./load.js').Ask} Ask */
/** @typedef {NonNullable<Ask['judge']>} Judge */

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 20);
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 100_000);

/** From one happening to the next, in milliseconds */
const BETWEEN = 400;

/**
 * The same numbers for the same seed (mulberry32)
 * @param {number} seed
 */
function generator(seed) {
	let state = seed;
	const random = () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	/** @template T @param {T[]} list @returns {T} */
	const one_of = (list) => list[Math.floor(random() * list.length)];
	return { random, one_of };
}

/**
 * Whatever needs a worker may be refused by a full line or be lost with its worker, said in so
 * many words; a stream that had begun may break
 * @param {Judge} right
 * @returns {Judge}
 */
const survives = (right) => (response, connection) => {
	if (response?.status === 503) {
		assert.equal(response.headers.find(([name]) => name === 'retry-after')?.[1], '1');
		return 'refused';
	}
	if (response?.status === 502) return 'lost';
	return right(response, connection);
};

/** @type {Judge} */
const streamed = (response, connection) => {
	// where the answer has begun, what is cut must be seen to be
	if (response?.status === 200 && !response.complete) return 'broken';
	return answered('line 10')(response, connection);
};

const asset = answered('The quick brown fox');

/** What clients ask, and whether it needs a worker */
const asks = [
	ask('/', { judge: survives(answered('</html>')) }),
	ask('/load', { judge: survives(answered('</html>')) }),
	ask('/api/worker', { judge: survives(answered('"startedAt"')) }),
	ask('/api/worker', { judge: survives(answered('"startedAt"')) }),
	ask('/api/stream/slow', { judge: survives(streamed) }),
	{
		name: 'POST /api/body/text',
		method: 'POST',
		bytes: request('POST', '/api/body/text', {
			headers: { 'content-type': 'text/plain', origin: 'http://example.test' },
			body: 'what was sent'
		}),
		judge: survives(answered('what was sent'))
	},
	ask('/plain.txt', { judge: asset }),
	ask('/large.txt', { judge: asset }),
	ask('/health', { judge: answered() })
];

/** How routes end their worker; what hangs is ended by the server */
const deaths = [
	'exit',
	'exit-await',
	'exit-timer',
	'throw-timer',
	'rejection',
	'rejection-late',
	'loop',
	'loop-await',
	'memory',
	'stream-exit',
	'stream-loop'
];

test(`${SECONDS} s of chaos, seed ${SEED}`, { timeout: SECONDS * 1000 + 120_000 }, async (t) => {
	const { one_of, random } = generator(SEED);
	const build = await build_app({ kit: 3, adapter: 'oxide' });
	const site = new Site(build);
	t.after(() => site.remove());
	const server = await start_pool({
		build: site.build,
		workers: 3,
		env: {
			ORIGIN: 'http://example.test',
			UNRESPONSIVE_TIMEOUT: '1s',
			HEALTH_CHECK_INTERVAL: '200ms',
			MAX_MEMORY_USAGE: '64mb',
			MAX_QUEUE: '200',
			SHUTDOWN_TIMEOUT: '2s',
			...LISTENERS_ENV
		}
	});
	t.after(() => server.stop());

	/** @type {Record<string, number>} */
	const happened = {};
	/** @type {Promise<unknown>[]} */
	const dying = [];
	/** @type {Record<string, () => void>} */
	const happenings = {
		death() {
			const how = one_of(deaths);
			happened[`die ${how}`] = (happened[`die ${how}`] ?? 0) + 1;
			// how this one is answered, the tests of containment say
			dying.push(exchange(server, get(`/api/die/${how}`), { timeout: 30_000 }).catch(String));
		},
		restart: () => server.signal('SIGHUP'),
		deploy() {
			site.swap(build, (copy) => rename_build(copy, uuid(random)));
			server.signal('SIGHUP');
		},
		'deploy without a signal': () => site.swap(build, (copy) => rename_build(copy, uuid(random))),
		add: () => server.signal('SIGTTIN'),
		remove: () => server.signal('SIGTTOU')
	};
	// deaths are what there is most of
	const likely = [...Array.from({ length: 6 }, () => 'death'), ...Object.keys(happenings)];

	using listeners = await Listeners.begin(server, { peers: 50, publishers: 3 });
	using load = new Load(server, { connections: 12, rest: 5, next: () => one_of(asks) });
	const end = Date.now() + SECONDS * 1000;
	while (Date.now() < end) {
		const name = one_of(likely);
		if (name !== 'death') happened[name] = (happened[name] ?? 0) + 1;
		happenings[name]();
		await pause(random() * 2 * BETWEEN);
	}
	await load.stop();
	await Promise.all(dying);
	await listeners.stop();

	t.diagnostic(`happened: ${JSON.stringify(happened)}`);
	for (const [name, counts] of Object.entries(load.counts)) {
		t.diagnostic(`${name}: ${JSON.stringify(counts)}`);
	}
	t.diagnostic(`sockets: ${JSON.stringify(listeners.summary())}`);
	const died = server.log('worker died').length;
	t.diagnostic(`${load.answered} requests, ${died} workers died`);
	assert.deepEqual(
		[...new Set(load.failures)],
		[],
		`seed ${SEED}\n${server.output().slice(-4000)}`
	);
	assert.equal(load.answered, load.asked);
	listeners.check();
	assert.ok(died > 0);
	for (const name of ['/plain.txt', '/large.txt', '/health']) {
		assert.deepEqual(Object.keys(load.counts[name]), ['answered']);
	}

	// and what is left of it is a server
	const settled = async () => {
		const { workers, wanted, rolling, unready } = await server.status();
		const ready = workers.filter(({ state }) => state === 'ready').length;
		return !rolling && unready == null && ready === wanted && workers.length === wanted;
	};
	for (let attempt = 0; attempt < 400 && !(await settled()); attempt += 1) await pause(50);
	assert.ok(await settled(), JSON.stringify(await server.status()));
	const last = await exchange(server, get('/api/worker'));
	assert.equal(last.status, 200);
	server.signal('SIGTERM');
	for (const { code } of await listeners.ends()) assert.equal(code, 1012);
	assert.deepEqual(await server.ended, { code: 0, signal: null });
});

/** @param {() => number} random */
function uuid(random) {
	const hash = crypto.createHash('sha256').update(String(random())).digest('hex');
	return `chaos-${hash.slice(0, 20)}`;
}
