/** Two processes that are joined through Redis: to their clients and routes they are one hub. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../sockets/client.js';
import { start_site } from '../sockets/site.js';
import { eventually, joined, Redis } from './redis.js';

/** @typedef {import('./redis.js').Site} Site */

const TOPIC = 'room:all';

/** @type {Redis & { port: number, url: string }} */
let redis;
/** @type {[Site, Site]} */
let sites;
before(async () => {
	redis = await Redis.start();
	const env = { REDIS_URL: redis.url };
	sites = [await start_site({ env }), await start_site({ env })];
	await joined(sites);
});
after(async () => {
	await Promise.all((sites ?? []).map((site) => site.stop()));
	await redis?.kill();
});

/**
 * A client of that site, which leaves with the test
 * @param {import('node:test').TestContext} t
 * @param {number} at
 * @param {{ user?: string, topic?: string }} [options]
 */
async function client_of(t, at, { user, topic = TOPIC } = {}) {
	const client = await Client.open(sites[at], user === undefined ? '/ws' : `/ws?user=${user}`);
	t.after(async () => {
		if (client.closed === null) await client.leave();
	});
	const { id } = (await client.event('welcome')).data;
	assert.equal((await client.wish({ type: '__subscribe', id: 1, topic })).type, '__subscribed');
	return { client, id };
}

/**
 * @param {number} count
 * @param {string} [topic]
 */
async function counted(count, topic = TOPIC) {
	for (const site of sites) {
		const look = () => site.hub('count', topic);
		await eventually(look, (found) => found === count, `${count} have ${topic}`);
	}
}

test('what is published anywhere comes to all once and in order', async (t) => {
	const clients = [await client_of(t, 0), await client_of(t, 1)];
	await counted(2);
	const COUNT = 200;
	await Promise.all(
		sites.map(async (site, from) => {
			for (let n = 0; n < COUNT; n += 1) {
				assert.equal(await site.hub('publish', TOPIC, { from, n }), 2);
			}
		})
	);
	for (const { client } of clients) {
		const next = [0, 0];
		for (let got = 0; got < 2 * COUNT; got += 1) {
			const { topic, data } = await client.json();
			assert.equal(topic, TOPIC);
			assert.equal(data.n, next[data.from], `of ${data.from}`);
			next[data.from] += 1;
		}
		assert.deepEqual(await client.so_far(), [], 'nothing comes twice');
	}
	for (const site of sites) {
		const { stats } = await site.observe();
		assert.equal(stats.redis_lost, 0);
		assert.equal(stats.redis_up, 1);
		assert.ok(stats.redis_received >= COUNT);
	}
});

test('texts and bytes go across as they are, and to all', async (t) => {
	const { client } = await client_of(t, 1);
	await counted(1);
	await sites[0].hub('publish', TOPIC, 'plain é');
	assert.equal(await client.next(), 'plain é');
	const near = await client_of(t, 0);
	near.client.send({ do: 'publish', topic: TOPIC, data: 'from a hook' });
	assert.equal(await client.next(), 'from a hook');
	await eventually(
		() => sites[0].hub('count'),
		(count) => count === 2,
		'two peers'
	);
	assert.equal(await sites[0].hub('broadcast', 'to everybody'), 2);
	assert.equal(await client.next(), 'to everybody');
});

test('a peer that is left out is left out wherever it is', async (t) => {
	const one = await client_of(t, 1);
	const two = await client_of(t, 1);
	await counted(2);
	await sites[0].hub('publish', TOPIC, 'not for one', { except: one.id });
	await sites[0].hub('publish', TOPIC, 'for both');
	assert.equal(await one.client.next(), 'for both');
	assert.equal(await two.client.next(), 'not for one');
});

test('counts and presence are of all, each user once', async (t) => {
	const topic = 'room:people';
	const watcher = await client_of(t, 0, { user: 'eve', topic });
	const roll = await watcher.client.wish({ type: '__presence', id: 2, topic });
	assert.deepEqual(
		roll.users.map((/** @type {any} */ user) => user.id),
		['eve']
	);
	const near = await client_of(t, 0, { user: 'ann', topic });
	assert.equal((await watcher.client.event('join')).data.id, 'ann');
	const far = await client_of(t, 1, { user: 'bob', topic });
	const { data } = await watcher.client.event('join');
	assert.deepEqual(data, { id: 'bob', info: { name: 'BOB' } });
	// the same person, elsewhere: no news
	const again = await client_of(t, 1, { user: 'ann', topic });
	await counted(4, topic);
	for (const site of sites) {
		const users = (await site.hub('presence', topic)).map((/** @type {any} */ user) => user.id);
		assert.deepEqual(users.sort(), ['ann', 'bob', 'eve']);
	}
	const answer = await watcher.client.wish({ type: '__count', id: 3, topic });
	assert.equal(answer.count, 4);
	await near.client.leave();
	await far.client.leave();
	assert.equal((await watcher.client.event('leave')).data.id, 'bob', 'ann is still there');
	await again.client.leave();
	assert.equal((await watcher.client.event('leave')).data.id, 'ann');
	await counted(1, topic);
});

test('one peer is sent to, asked and closed from another process', async (t) => {
	const { client, id } = await client_of(t, 1);
	assert.equal(await sites[0].hub('send', id, 'hello'), true);
	assert.equal(await client.next(), 'hello');

	const asked = sites[0].hub('request', id, { how: 'are you' });
	const question = await client.event('__request');
	assert.deepEqual(question.data, { how: 'are you' });
	client.send({ type: '__reply', id: question.id, data: 'fine' });
	assert.equal(await asked, 'fine');

	const no = { code: 'OXIDE_HUB_REFUSED', message: 'no' };
	const refused = assert.rejects(sites[0].hub('request', id, 1), no);
	const other = await client.event('__request');
	client.send({ type: '__reply', id: other.id, error: 'no' });
	await refused;

	const unanswered = assert.rejects(sites[0].hub('request', id, 2), { code: 'OXIDE_HUB_GONE' });
	await client.event('__request');
	assert.equal(await sites[0].hub('disconnect', id, 4001, 'elsewhere'), true);
	assert.deepEqual(await client.end(), { code: 4001, reason: 'elsewhere' });
	await unanswered;

	const nobody = `ffffffff${id.slice(8)}`;
	assert.equal(await sites[0].hub('send', nobody, 'x'), false);
	assert.equal(await sites[0].hub('disconnect', nobody), false);
	await assert.rejects(sites[0].hub('request', nobody, 1), { code: 'OXIDE_HUB_GONE' });
});

test('those are chosen who are kept to be so, wherever they are', async (t) => {
	const ann = await client_of(t, 1, { user: 'ann' });
	const near = await client_of(t, 0, { user: 'ann' });
	const bob = await client_of(t, 1, { user: 'bob' });
	const { result } = await sites[0].post('/hub', {
		name: 'sendTo',
		user: 'ann',
		args: [{ type: 'note', data: 'for ann' }]
	});
	assert.equal(result, 1, 'those here are counted');
	assert.equal((await near.client.event('note')).data, 'for ann');
	assert.equal((await ann.client.event('note')).data, 'for ann');
	await sites[0].hub('send', bob.id, 'behind it');
	assert.equal(await bob.client.next(), 'behind it');
});

/**
 * A third process, whose one client comes to a topic that Eve watches here
 * @param {import('node:test').TestContext} t
 * @param {string} topic
 */
async function visited(t, topic) {
	const { client: watcher } = await client_of(t, 0, { user: 'eve', topic });
	await watcher.wish({ type: '__presence', id: 2, topic });
	const third = await start_site({ env: { REDIS_URL: redis.url } });
	t.after(() => third.stop());
	await joined([...sites, third]);
	const visitor = await Client.open(third, '/ws?user=zoe');
	const { id } = (await visitor.event('welcome')).data;
	await visitor.wish({ type: '__subscribe', id: 1, topic });
	assert.equal((await watcher.event('join')).data.id, 'zoe');
	await counted(2, topic);
	return { watcher, third, visitor, id };
}

/**
 * The third process and its client are gone
 * @param {string} topic
 */
async function left(topic) {
	await joined(sites, 1);
	await counted(1, topic);
}

test('a process that ends takes its peers along at once', async (t) => {
	const topic = 'room:short';
	const { watcher, third } = await visited(t, topic);
	third.signal('SIGTERM');
	assert.equal((await watcher.event('leave')).data.id, 'zoe');
	await third.ended;
	await left(topic);
});

test('a process that dies takes its peers along after a while', { timeout: 60_000 }, async (t) => {
	const topic = 'room:dead';
	const { third, visitor, id } = await visited(t, topic);
	const asked = sites[0].hub('request', id, 1, { timeout: 60_000 });
	const unanswered = assert.rejects(asked, { code: 'OXIDE_HUB_GONE' });
	await visitor.event('__request');
	third.signal('SIGKILL');
	await unanswered;
	await left(topic);
});
