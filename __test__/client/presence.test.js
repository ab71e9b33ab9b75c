/** Who and how many have a topic. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open_page, settled, values_of } from './page.js';

describe('presence', () => {
	const [ann, bob, cy] = ['ann', 'bob', 'cy'].map((id) => ({ id, info: { name: id } }));
	/** @param {'join' | 'leave'} type @param {any} data @param {number} seq */
	const change = (type, data, seq) => ({ topic: '__presence:room', seq, type, data });

	async function look() {
		const page = open_page();
		const users = values_of(page.client.presence('room'));
		await settled();
		await page.socket.accept();
		assert.deepEqual(page.socket.frames('__presence'), [], 'only of a topic that one has');
		await page.socket.grant('room');
		const roll = (/** @type {number} */ seq, /** @type {any[]} */ users) => {
			const { id } = page.socket.frames('__presence').at(-1);
			return page.socket.say({ type: '__presence', id, topic: 'room', seq, users });
		};
		return { page, ...users, roll };
	}

	test('is the roll, and then its changes', async () => {
		const { page, values, roll } = await look();
		await roll(4, [ann]);
		await page.socket.say(change('join', bob, 5));
		await page.socket.say(change('leave', { id: 'ann' }, 6));
		await page.socket.say(change('join', bob, 7));
		assert.deepEqual(values, [[], [ann], [ann, bob], [bob], [bob]]);
		assert.equal(page.socket.frames('__presence').length, 1);
	});

	test('changes that come before the roll are in it, or follow', async () => {
		const { page, values, roll } = await look();
		await page.socket.say(change('join', ann, 3));
		await page.socket.say(change('join', bob, 4));
		await page.socket.say(change('join', cy, 5));
		await roll(4, [ann, bob]);
		assert.deepEqual(values.at(-1), [ann, bob, cy]);
		await page.socket.say(change('leave', cy, 5));
		assert.deepEqual(values.at(-1), [ann, bob, cy], 'seen');
	});

	test('a change that was left out: asked anew', async () => {
		const { page, values, roll } = await look();
		await roll(4, [ann]);
		await page.socket.say(change('join', cy, 6));
		assert.equal(page.socket.frames('__presence').length, 2);
		assert.deepEqual(values.at(-1), [ann]);
		await page.socket.say(change('leave', ann, 7));
		await roll(6, [ann, bob, cy]);
		assert.deepEqual(values.at(-1), [bob, cy]);
	});

	test('after a new connection the old roll stands until the new one is there', async () => {
		const { page, values, roll } = await look();
		await roll(4, [ann, bob]);
		await page.socket.end(1006);
		await page.clock.pass(500);
		await page.socket.accept();
		await page.socket.grant('room', { resumed: true });
		assert.deepEqual(values, [[], [ann, bob]]);
		await roll(1, [bob]);
		await page.socket.say(change('join', cy, 2));
		assert.deepEqual(values, [[], [ann, bob], [bob], [bob, cy]]);
	});

	test('is left apart from the topic', async () => {
		const { page, values, stop, roll } = await look();
		await roll(4, [ann]);
		page.client.topic('room').on(() => {});
		stop();
		await settled();
		assert.deepEqual(
			page.socket.frames('__unsubscribe').map(({ topic }) => topic),
			['__presence:room']
		);
		await page.socket.say(change('join', bob, 5));
		assert.deepEqual(values, [[], [ann]]);

		const again = values_of(page.client.presence('room', [cy]));
		await settled();
		await roll(5, [ann, bob]);
		assert.deepEqual(again.values, [[cy], [ann, bob]]);
	});

	test('a roll that comes after it was left is none', async () => {
		const { page, values, stop, roll } = await look();
		const stay = page.client.topic('room').on(() => {});
		stop();
		await settled();
		await roll(4, [ann]);
		const again = values_of(page.client.presence('room'));
		assert.deepEqual([values, again.values], [[[]], [[]]]);
		stay();
	});

	test('and with it', async () => {
		const { page, stop, roll } = await look();
		await roll(4, [ann]);
		stop();
		await settled();
		assert.deepEqual(
			page.socket.frames('__unsubscribe').map(({ topic }) => topic),
			['__presence:room', 'room']
		);
	});

	test('a refusal is in the state of the topic', async () => {
		const { page, values } = await look();
		const state = values_of(page.client.topic('room').state);
		const [{ id }] = page.socket.frames('__presence');
		await page.socket.say({ type: '__error', id, code: 'bad-topic', reason: 'no' });
		assert.equal(state.values.at(-1).status, 'open');
		assert.equal(state.values.at(-1).error.code, 'bad-topic');
		assert.deepEqual(values, [[]]);
	});
});

describe('count', () => {
	test('is asked for at once and then every ten seconds, while somebody looks', async () => {
		const page = open_page();
		const { values, stop } = values_of(page.client.count('room', 1));
		await settled();
		await page.socket.accept();
		await page.socket.grant('room');
		const asked = () => page.socket.frames('__count');
		const answer = (/** @type {number} */ count) =>
			page.socket.say({ type: '__count', id: asked().at(-1).id, topic: 'room', count });
		assert.equal(asked().length, 1);
		await answer(5);
		await page.clock.pass(9999);
		assert.equal(asked().length, 1);
		await page.clock.pass(1);
		assert.equal(asked().length, 2);
		await answer(6);
		await page.clock.pass(10_000);
		await answer(6);
		assert.deepEqual(values, [1, 5, 6], 'the same is no change');

		await page.become('hidden');
		await page.clock.pass(60_000);
		assert.equal(asked().length, 3);
		await page.become('visible');
		await page.socket.say({ type: '__pong' });
		await page.clock.pass(10_000);
		assert.equal(asked().length, 4);
		await answer(0);
		assert.deepEqual(values, [1, 5, 6, 0]);

		await page.socket.end(1006);
		await page.clock.pass(500);
		await page.socket.accept();
		await page.socket.grant('room');
		assert.equal(asked().length, 1);

		stop();
		await page.clock.pass(5000);
		assert.equal(page.clock.running, 0);
	});
});
