/**
 * Rolling restarts and deploys under load: the folder of the build is replaced, a signal is sent,
 * and every request is answered by the release before or the one after.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { start_pool } from '../harness/pool.js';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';
import { answered, ask, Load } from './load.js';
import { build_release, change_handoff, LARGE, large, Site } from './releases.js';

/** @typedef {import('../harness/pool.js').PoolServer} PoolServer */

/** @type {Record<'one' | 'two' | 'three' | 'broken', string>} */
let builds;
before(async () => {
	builds = {
		one: await build_release('one'),
		two: await build_release('two'),
		three: await build_release('three'),
		broken: await build_release('broken')
	};
});

/**
 * @param {import('node:test').TestContext} t
 * @param {object} [options]
 * @param {number} [options.workers]
 * @param {NodeJS.ProcessEnv} [options.env]
 */
async function start(t, { workers = 2, env } = {}) {
	const site = new Site(builds.one);
	t.after(() => site.remove());
	const server = await start_pool({ build: site.build, workers, env });
	t.after(() => server.stop());

	/** @param {string} target */
	const body = async (target) => {
		const response = await exchange(server, get(target));
		assert.equal(response.status, 200, `${target}: ${response.status} ${response.body}`);
		return response.body.toString();
	};
	const release = async () => JSON.parse(await body('/release')).release;

	/** The immutable files that the page of now links to */
	const immutable = async () => {
		const page = await body('/');
		const found = page.match(/_app\/immutable\/[\w./-]+/g) ?? [];
		assert.ok(found.length > 2, page);
		return found.map((file) => `/${file}`);
	};

	/**
	 * @param {keyof typeof builds} name
	 * @param {(copy: string) => void} [change]
	 */
	const deploy = async (name, change) => {
		const message = 'all workers run the new build';
		const count = server.log(message).length + 1;
		site.swap(builds[name], change);
		server.signal('SIGHUP');
		await server.happens(message, {}, { count });
	};
	return { site, server, body, release, immutable, deploy };
}

/**
 * @param {PoolServer} server
 * @param {...string} releases that may answer
 */
function mixed(server, ...releases) {
	const text = `"release":"(${releases.join('|')})"`;
	const kinds = [
		ask('/release', { judge: matching(text) }),
		ask('/', { judge: matching(`rendered by (${releases.join('|')})`) }),
		ask('/stream', { judge: answered('end') }),
		ask('/release.txt', { judge: matching(`^(${releases.join('|')})$`) }),
		ask('/health')
	];
	let next = 0;
	return new Load(server, { next: () => kinds[next++ % kinds.length] });
}

/**
 * @param {string} pattern with the release in parentheses, which is counted
 * @returns {NonNullable<import('./load.js').Ask['judge']>}
 */
const matching = (pattern) => (response, connection) => {
	answered()(response, connection);
	const found = new RegExp(pattern).exec(`${response?.body}`);
	if (!found) throw new Error(`not ${pattern}: ${response?.body}`);
	return found[1];
};

/** @param {Load} load */
async function was_lossless(load) {
	await load.stop();
	assert.deepEqual(load.failures, []);
	assert.equal(load.closed, 0, 'connections were closed');
	assert.equal(load.answered, load.asked);
}

describe('a deploy', () => {
	for (const { workers, env } of [
		{ workers: 2, env: {} },
		{ workers: 1, env: { ISOLATED_WORKER: 'true' } }
	]) {
		test(`under load, with ${workers} to replace`, { timeout: 60_000 }, async (t) => {
			const { server, release, deploy, body } = await start(t, { workers, env });
			const kept = await Connection.open(server);
			using load = mixed(server, 'one', 'two');
			await load.until(() => load.answered > 200);
			await deploy('two');
			const enough = load.answered + 200;
			await load.until(() => load.answered > enough);
			await was_lossless(load);
			for (const target of ['/release', '/', '/release.txt']) {
				const { one, two } = load.counts[target];
				assert.ok(one > 0 && two > 0, `${target}: ${one} by one, ${two} by two`);
			}
			assert.equal(await release(), 'two');
			assert.match(await body('/'), /rendered by two, hydrated by two/);
			assert.equal(kept.ended, false);
			kept.close();
		});
	}

	test('keeps the immutable files of the two builds before', { timeout: 60_000 }, async (t) => {
		const { body, immutable, deploy, server } = await start(t);
		const first = await immutable();
		await deploy('two');
		const second = await immutable();
		await deploy('three');
		for (const file of [...first, ...second, ...(await immutable())]) await body(file);
		assert.equal((await exchange(server, get('/release.txt'))).body.toString(), 'three');
		await deploy('one');
		// two builds back, and three, of which only the picture and the page's code are its own
		for (const file of second) await body(file);
		await deploy('three');
		await deploy('one');
		const gone = second.filter((file) => !first.includes(file));
		assert.ok(gone.length > 0);
		for (const file of gone) assert.equal((await exchange(server, get(file))).status, 404, file);
	});

	test('with KEEP_BUILDS=0 keeps nothing', { timeout: 60_000 }, async (t) => {
		const { body, immutable, deploy, server } = await start(t, { env: { KEEP_BUILDS: '0' } });
		const first = await immutable();
		await deploy('two');
		const second = await immutable();
		const gone = first.filter((file) => !second.includes(file));
		assert.ok(gone.length > 0);
		for (const file of gone) assert.equal((await exchange(server, get(file))).status, 404, file);
		for (const file of second) await body(file);
	});

	test('finds routes that nobody has asked for, before the signal', async (t) => {
		const { site, server, body } = await start(t);
		site.swap(builds.two);
		// more often than there are workers, each of which is asked
		for (const connection of await Promise.all([1, 2, 3, 4].map(() => Connection.open(server)))) {
			for (const [target, text] of [
				['/never/endpoint', 'endpoint of one'],
				['/never/page', 'page of one, loaded by one'],
				['/', 'rendered by one']
			]) {
				connection.send(get(target));
				const response = await connection.response();
				assert.equal(response?.status, 200, target);
				assert.ok(response.body.includes(text), `${response.body}`);
			}
			connection.close();
		}
		assert.equal(await body('/never/endpoint'), 'endpoint of one');
	});

	test('is taken over when a worker has to be replaced, signal or not', async (t) => {
		const { site, server, release } = await start(t, {
			env: { MAX_REQUESTS_PER_WORKER: '20' }
		});
		site.swap(builds.two);
		using load = mixed(server, 'one', 'two');
		await server.happens('all workers run the new build');
		await was_lossless(load);
		assert.equal(await release(), 'two');
	});

	test('serves large files of the build that is current', { timeout: 60_000 }, async (t) => {
		const { site, server, body, deploy } = await start(t, {
			env: { ASSET_MEMORY_FILE_LIMIT: String(LARGE - 1) }
		});
		assert.ok((await body('/large.bin')) === large('one').toString());
		site.swap(builds.two);
		// not that of the folder, whose hash and time are not known yet
		assert.ok((await body('/large.bin')) === large('one').toString());
		server.signal('SIGHUP');
		await server.happens('all workers run the new build');
		assert.ok((await body('/large.bin')) === large('two').toString());
		await deploy('three');
		assert.ok((await body('/large.bin')) === large('three').toString());
	});
});

describe('a build is refused', () => {
	test('that does not start, and a good one taken after it', { timeout: 60_000 }, async (t) => {
		const { site, server, release, deploy, immutable, body } = await start(t);
		const first = await immutable();
		using load = mixed(server, 'one', 'two');
		site.swap(builds.broken);
		server.signal('SIGHUP');
		const { reason } = await server.happens('new build refused, the old one goes on');
		assert.match(reason, /this release cannot start/);
		assert.equal(await release(), 'one');
		assert.match(server.output(), /hooks\.server/, 'nobody is told where');

		await deploy('two');
		await load.stop();
		assert.deepEqual(load.failures, []);
		assert.equal(load.closed, 0);
		assert.equal(await release(), 'two');
		// the refused one has not taken its place among those that are kept
		for (const file of first) await body(file);
	});

	test('of another format, or none at all', { timeout: 60_000 }, async (t) => {
		const { site, server, release } = await start(t);
		using load = mixed(server, 'one');
		const refused = 'build refused, the one before it goes on';
		site.swap(builds.two, (copy) => change_handoff(copy, { format: 2, package: '9.9.9' }));
		server.signal('SIGHUP');
		const { reason } = await server.happens(refused);
		assert.match(reason, /format 2, written by svelte-adapter-oxide 9\.9\.9/);

		site.swap(builds.two, (copy) => fs.rmSync(path.join(copy, 'oxide.json')));
		server.signal('SIGHUP');
		const entry = await server.happens(refused, {}, { count: 2 });
		assert.match(entry.reason, /does not exist/);
		await was_lossless(load);
		assert.equal(await release(), 'one');
	});
});

for (const signal of /** @type {const} */ (['SIGHUP', 'SIGUSR2'])) {
	test(`${signal} without a new build restarts`, { timeout: 60_000 }, async (t) => {
		const { server } = await start(t);
		const before = (await server.status()).workers.map(({ id }) => id);
		using load = mixed(server, 'one');
		await load.until(() => load.answered > 100);
		server.signal(signal);
		await server.happens('all workers restarted');
		await was_lossless(load);
		const { workers, build } = await server.status();
		assert.equal(build, 1);
		const ready = workers.filter(({ state }) => state === 'ready');
		assert.equal(ready.length, 2);
		for (const { id } of ready) assert.ok(!before.includes(id), `${id} was there before`);
	});
}
