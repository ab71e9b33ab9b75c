/**
 * What gets lost between two processes when everything goes on at once: many peers of both, numbered
 * messages of both, workers that are replaced, a new build, and a Redis that dies and comes back. What
 * is published is lost to nobody, comes twice to nobody, and in the order of who published it; those
 * on the same process have it at once, whatever Redis does.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Listener, publishing, Reader, talk, TOPIC, up_to } from '../sockets/numbers.js';
import { build_site, start_site } from '../sockets/site.js';
import { rename_build, Site as Place } from '../workers/releases.js';
import { eventually, joined, Redis } from './redis.js';

/** Of each process. */
const PEERS = 100;

/** Of them, those who lose their connection and come again. */
const WANDERERS = 20;

/** Of each process, besides: those over streams of events, who all come again. */
const LISTENERS = 5;

/** Of each process, besides. */
const TALKERS = 5;

/** Nothing here takes so long: no worker dies, so no echo is lost. */
const LOST_AFTER = 60_000;

/** For what a busy machine may take its time over. */
const WITHIN = 60_000;

/** After it all. */
const SOUND = { redis_lost: 0, redis_up: 1, ws_lost: 0 };

const ENV = { WEBSOCKET_REPLAY_SIZE: '10000', WEBSOCKET_REPLAY_TTL: '120s' };

test('two processes and a Redis that dies lose nothing', { timeout: 240_000 }, async (t) => {
	const build = await build_site();
	const place = new Place(build);
	t.after(() => place.remove());
	const redis = await Redis.start();
	t.after(() => redis.kill());
	const env = { ...ENV, REDIS_URL: redis.url };
	const sites = await Promise.all([
		start_site({ build: place.build, env }),
		start_site({ build, env })
	]);
	t.after(() => Promise.all(sites.map((site) => site.stop())));
	await joined(sites);

	const readers = sites.map((site) =>
		Array.from({ length: PEERS }, () => new Reader(site, { publishers: sites.length }))
	);
	const listeners = sites.flatMap((site) =>
		Array.from({ length: LISTENERS }, () => new Listener(site, { publishers: sites.length }))
	);
	const everybody = [...readers.flat(), ...listeners];
	await Promise.all(everybody.map((reader) => reader.come()));
	for (const site of sites) {
		const look = () => site.hub('count', TOPIC);
		await eventually(look, (count) => count === everybody.length, 'all have the topic');
	}
	let over = false;
	const talking = sites.flatMap((site) =>
		Array.from({ length: TALKERS }, () => talk(site, () => over, LOST_AFTER))
	);
	// those of the other process may be taken for gone while Redis is
	const least = PEERS - WANDERERS;
	const publishers = sites.map((site, from) => publishing(site, { from, least, rest: 5 }));

	/** Waits until so many more are published by each process and have come to its own peers. */
	const goes_on = async (more = 10) => {
		for (const [at, publisher] of publishers.entries()) {
			const upto = publisher.published + more;
			const slowest = async () =>
				Math.min(...readers[at].slice(WANDERERS).map(({ numbers }) => numbers[at].length));
			await eventually(slowest, (count) => count >= upto, 'local delivery', WITHIN);
		}
	};
	const wanderers = [...readers.flatMap((those) => those.slice(0, WANDERERS)), ...listeners];
	const wander = async () => {
		for (const reader of wanderers) reader.vanish();
		const before = publishers.map(({ published }) => published);
		while (publishers.some(({ published }, at) => published < before[at] + 5)) await pause(5);
		await Promise.all(wanderers.map((reader) => reader.come()));
	};
	/** @param {string} msg */
	const both_say = (msg) =>
		Promise.all(sites.map((site) => site.happens(msg, {}, { timeout: WITHIN })));

	// with Redis there
	for (const site of sites) site.signal('SIGHUP');
	await wander();
	await both_say('all workers restarted');

	// without it
	await redis.kill();
	await both_say('redis is gone');
	await goes_on();
	place.swap(build, (copy) => rename_build(copy, 'the second'));
	for (const site of sites) site.signal('SIGHUP');
	await wander();
	await sites[0].happens('all workers run the new build', {}, { timeout: WITHIN });
	await sites[1].happens('all workers restarted', {}, { count: 2, timeout: WITHIN });
	await goes_on();

	// and with it again, which they may notice at different times
	await redis.start();
	await wander();
	await both_say('redis is back');
	await wander();
	await goes_on();

	over = true;
	await Promise.all(publishers.map((publisher) => publisher.stop()));
	const talked = await Promise.all(talking);
	const published = publishers.map((publisher) => publisher.published);
	const all_have = async () => {
		/** @param {number[]} counts of who has the least of it */
		const is_all = (counts) => counts.every((count, from) => count >= published[from]);
		const look = async () =>
			published.map((_, from) => Math.min(...everybody.map(({ numbers }) => numbers[from].length)));
		await eventually(look, is_all, `all of ${published} with everybody`, WITHIN);
	};
	await all_have();
	// whatever is still to come twice comes before these, or between them
	for (let mark = 0; mark < 3; mark += 1) {
		for (const [from, site] of sites.entries()) {
			published[from] += 1;
			await site.hub('publish', TOPIC, { from, n: published[from] });
		}
		await all_have();
	}
	for (const { numbers } of everybody) assert.deepEqual(numbers, published.map(up_to));

	// numbers of a process are its own
	const [stranger] = readers[0];
	assert.equal((await stranger.ask_at(sites[1])).resumed, false);

	const stats = await Promise.all(sites.map(async (site) => (await site.observe()).stats));
	const echoed = talked.reduce((sum, told) => sum + told.echoed, 0);
	const again = stats.map((of) => of.redis_again + of.redis_resent);
	t.diagnostic(
		`${published} published to ${everybody.length}, ${echoed} echoed, ` +
			`${wanderers.length} came again ${readers[0][0].comings - 1} times, ` +
			`sent again or dropped as known: ${again}`
	);
	for (const of of stats) {
		const { redis_outages, redis_lost, redis_up, ws_lost } = of;
		assert.ok(redis_outages > 0);
		assert.deepEqual({ redis_lost, redis_up, ws_lost }, SOUND);
	}
	assert.deepEqual(
		talked.map(({ lost, client }) => [lost, client.closed]),
		talked.map(() => [0, null])
	);
	for (const { client } of readers.flat()) assert.equal(client?.closed, null);
	for (const { stream } of listeners) assert.equal(stream?.ended, false);
});
