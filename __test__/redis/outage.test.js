/**
 * Redis goes away and comes back in the middle of numbered messages: who is connected to the process
 * that publishes notices nothing, the others get everything later, once and in order.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { publishing, Reader, TOPIC, up_to } from '../sockets/numbers.js';
import { start_site } from '../sockets/site.js';
import { eventually, joined, Redis } from './redis.js';

/** @typedef {import('./redis.js').Site} Site */

/**
 * @param {Site} site
 * @param {string} user
 */
const reader_of = (site, user) => new Reader(site, { target: `/ws?user=${user}`, publishers: 2 });

/**
 * @param {import('node:test').TestContext} t
 * @param {(redis: Redis) => Promise<void>} go
 * @param {(redis: Redis) => Promise<void>} come
 * @param {(sites: Site[]) => Promise<void>} [meanwhile]
 */
async function outage(t, go, come, meanwhile = async () => {}) {
	const redis = await Redis.start();
	t.after(() => redis.kill());
	const env = { REDIS_URL: redis.url };
	const sites = [await start_site({ env }), await start_site({ env })];
	t.after(() => Promise.all(sites.map((site) => site.stop())));
	await joined(sites);
	const readers = sites.map((site, at) => reader_of(site, `user ${at}`));
	await Promise.all(readers.map((reader) => reader.come()));
	for (const site of sites) {
		const look = () => site.hub('count', TOPIC);
		await eventually(look, (count) => count === 2, 'two have the topic');
	}
	const publishers = sites.map((site, from) => publishing(site, { from, rest: 2 }));

	for (let round = 1; round <= 2; round += 1) {
		await pause(200);
		await go(redis);
		for (const site of sites) {
			await site.happens('redis is gone', {}, { count: round });
		}
		// here it goes on
		const before = readers.map((reader, at) => reader.numbers[at].length);
		for (const [at, reader] of readers.entries()) {
			const here = async () => reader.numbers[at].length;
			await eventually(here, (count) => count > before[at] + 20, 'local delivery');
		}
		await meanwhile(sites);
		await come(redis);
		for (const site of sites) {
			await site.happens('redis is back', {}, { count: round });
		}
	}
	await pause(200);
	await Promise.all(publishers.map((publisher) => publisher.stop()));
	const published = publishers.map((publisher) => publisher.published);
	for (const [at, reader] of readers.entries()) {
		for (const from of published.keys()) {
			const look = async () => reader.numbers[from].length;
			await eventually(look, (count) => count >= published[from], `all of ${from} at ${at}`);
		}
	}
	await pause(1500);
	for (const reader of readers) {
		assert.deepEqual(reader.numbers, published.map(up_to));
	}
	t.diagnostic(`${published} published`);
	for (const site of sites) {
		const { stats } = await site.observe();
		assert.equal(stats.redis_outages, 2);
		assert.equal(stats.redis_lost, 0);
		assert.equal(stats.redis_up, 1);
	}
	return sites;
}

test('Redis is killed and started again', { timeout: 120_000 }, async (t) => {
	const sites = await outage(
		t,
		(redis) => redis.kill(),
		(redis) => redis.start(),
		async (sites) => {
			// who comes meanwhile is known to all afterwards
			await reader_of(sites[0], 'late').come();
		}
	);
	for (const site of sites) {
		const look = () => site.hub('presence', TOPIC);
		const users = await eventually(look, (found) => found.length === 3, 'three users');
		const ids = users.map((/** @type {any} */ user) => user.id);
		assert.deepEqual(ids.sort(), ['late', 'user 0', 'user 1']);
		assert.equal(await site.hub('count', TOPIC), 4);
	}
});

test('Redis hangs and goes on', { timeout: 120_000 }, async (t) => {
	await outage(
		t,
		async (redis) => redis.signal('SIGSTOP'),
		async (redis) => redis.signal('SIGCONT')
	);
});
