/**
 * Clients that do not read: what each policy leaves out of what is published to them, that they are
 * told, and that nobody else waits for them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from './client.js';
import { up_to } from './numbers.js';
import { start_site } from './site.js';

const TOPIC = 'room:slow';

/** Together more than the kernel keeps for a socket that nobody reads. */
const MANY = 40;
const LONG = 'x'.repeat(400_000);

/**
 * A server, one client that reads nothing from now on, and one that reads
 * @param {import('node:test').TestContext} t
 * @param {NodeJS.ProcessEnv} env
 */
async function with_slow(t, env) {
	const site = await start_site({ env });
	t.after(() => site.stop());
	const [slow, fast] = [await Client.open(site), await Client.open(site)];
	const ids = [];
	for (const client of [slow, fast]) {
		ids.push((await client.event('welcome')).data.id);
		await client.wish({ type: '__subscribe', id: 1, topic: TOPIC });
	}
	slow.socket.pause();

	/**
	 * Publishes numbers, and has the one that reads hear each of them before the next
	 * @param {number[]} numbers
	 * @param {(n: number) => { data: object, key?: string }} what
	 */
	const publish = async (numbers, what) => {
		for (const n of numbers) {
			const { data, key } = what(n);
			assert.ok((await site.hub('publish', TOPIC, { n, ...data }, { key })) >= 1);
			assert.equal((await fast.json()).data.n, n);
		}
	};
	return { site, slow, fast, id: ids[0], publish };
}

/**
 * What a client hears until it is told that it has caught up, and what it was left out of
 * @param {Client} client
 */
async function until_drained(client) {
	const heard = [];
	let skipped = 0;
	for (;;) {
		const event = await client.json();
		if (event.type === 'drained') return { heard, skipped };
		if (event.type === '__skipped') skipped += event.count;
		else heard.push(event);
	}
}

/**
 * @param {number[]} numbers
 * @param {string} what
 */
function assert_ascending(numbers, what) {
	for (const [at, number] of numbers.entries()) {
		if (at > 0) assert.ok(number > numbers[at - 1], `${what}: ${numbers}`);
	}
}

test('`skip` leaves messages out, and `drain` tells when it is over', async (t) => {
	const { site, slow, fast, publish } = await with_slow(t, {
		WEBSOCKET_OVERFLOW: 'skip',
		WEBSOCKET_MAX_QUEUED_BYTES: '64kb'
	});
	await publish(up_to(MANY), () => ({ data: { LONG } }));
	slow.socket.resume();
	const { heard, skipped } = await until_drained(slow);
	const numbers = heard.map(({ data }) => data.n);
	assert_ascending(numbers, 'numbers');
	// what was there before the socket was full, and the one that may always wait
	assert.ok(numbers.length > 0 && numbers.length < MANY, `${numbers}`);
	assert.equal(numbers[0], 1);
	assert.equal(skipped, MANY - numbers.length);
	for (const { data } of heard) assert.equal(data.LONG, LONG);
	// the gap is seen in the numbers of the topic
	await site.hub('publish', TOPIC, { n: 'next' });
	const [next, same] = [await slow.json(), await fast.json()];
	assert.deepEqual(next, same);
	assert.equal(next.seq, heard[0].seq + MANY);
	// told once, and connected as before
	assert.deepEqual(await slow.so_far(), []);
	assert.deepEqual(await fast.so_far(), [], 'nobody else is told');
});

test('`close` ends who reads too slowly with 1013', async (t) => {
	const { site, slow, fast, id, publish } = await with_slow(t, {
		WEBSOCKET_OVERFLOW: 'close',
		WEBSOCKET_MAX_QUEUED_BYTES: '64kb'
	});
	// until it is over the bound it counts as one that hears
	await publish(up_to(MANY), () => ({ data: { LONG } }));
	slow.socket.resume();
	assert.deepEqual(await slow.end(), { code: 1013, reason: 'reading too slowly' });
	await site.says(`closed ${id}: 1013 "reading too slowly"`);
	const numbers = slow.taken().map((text) => JSON.parse(`${text}`).data.n);
	// what was whole in the socket, and nothing after it
	assert.deepEqual(numbers, up_to(numbers.length));
	assert.ok(numbers.length < MANY);
	while ((await site.hub('count')) > 1) await Client.settle();
	assert.equal(await site.hub('publish', TOPIC, 'to whom is left'), 1);
	assert.equal(await fast.next(), 'to whom is left');
	assert.equal(fast.closed, null);
});

test('`coalesce` keeps the latest of each key', async (t) => {
	const { slow, fast, publish, site } = await with_slow(t, {
		WEBSOCKET_OVERFLOW: 'coalesce',
		WEBSOCKET_MAX_QUEUED_BYTES: '1mb'
	});
	await publish(up_to(MANY), () => ({ data: { LONG }, key: 'long' }));
	for (const key of ['a', 'b']) await publish(up_to(50), () => ({ data: { key }, key }));
	await publish([1, 2], () => ({ data: { key: 'none' } }));
	slow.socket.resume();
	const { heard, skipped } = await until_drained(slow);
	assert.equal(skipped, 0, 'what is replaced is not left out');
	/** @param {string} [name] */
	const numbers = (name) => heard.filter(({ data }) => data.key === name).map(({ data }) => data.n);
	const long = numbers();
	assert_ascending(long, 'long');
	assert.equal(long[0], 1);
	assert.equal(long.at(-1), MANY, 'the latest');
	assert.ok(long.length < MANY);
	// all of these came while nothing could be written
	assert.deepEqual(numbers('a'), [50]);
	assert.deepEqual(numbers('b'), [50]);
	assert.deepEqual(numbers('none'), [1, 2], 'without a key all are kept');
	assert_ascending(
		heard.map(({ seq }) => seq),
		'numbers of the topic'
	);
	// one that reads gets each, also of one key
	for (const n of [1, 2, 3]) await site.hub('publish', TOPIC, { n }, { key: 'a' });
	for (const client of [slow, fast]) {
		for (const n of [1, 2, 3]) assert.equal((await client.json()).data.n, n);
		assert.deepEqual(await client.so_far(), []);
	}
});
