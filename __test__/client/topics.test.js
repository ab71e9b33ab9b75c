/** Topics: subscribed once, resumed, refused, left; and who and how many are there. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { event, open_page, open_topic, settled, values_of } from './page.js';

describe('events', () => {
	test('come once, in order, to everyone who listens', async () => {
		const { page, topic, events } = await open_topic('chat');
		const { values } = values_of(topic);
		const latest = values_of(page.client.latest('chat', 'none'));
		/** @type {any[]} */
		const edits = [];
		topic.on('edit', (/** @type {any} */ { seq }) => edits.push(seq));

		for (let seq = 1; seq <= 3; seq++) await page.socket.say(event('chat', seq));
		await page.socket.say({ ...event('chat', 4), type: 'edit' });
		assert.deepEqual(
			events.map(({ seq }) => seq),
			[1, 2, 3, 4]
		);
		assert.deepEqual(
			values.map((value) => value?.seq),
			[undefined, 1, 2, 3, 4]
		);
		assert.deepEqual(latest.values, ['none', 1, 2, 3, 4]);
		assert.deepEqual(edits, [4]);
		assert.equal(topic.latest?.seq, 4);
		assert.equal(page.client.topic('chat').latest?.seq, 4, 'of another handle too');
		assert.equal(page.socket.frames('__subscribe').length, 1);
	});

	test('what was seen is dropped', async () => {
		const { page, topic, events } = await open_topic('chat');
		for (const seq of [1, 1, 3, 2, 3, 4, 1]) await page.socket.say(event('chat', seq));
		assert.deepEqual(
			events.map(({ seq }) => seq),
			[1, 3, 4]
		);
		assert.deepEqual(topic.position, { epoch: 'e1', seq: 4 });
	});

	test('nobody’s own text is taken for an event or a frame', async () => {
		const { page, topic, events } = await open_topic('chat');
		/** @type {any[]} */
		const messages = [];
		page.client.onMessage((/** @type {any} */ message) => messages.push(message));
		const asked = page.client.request('?');
		asked.catch(() => {});
		await settled();
		const [{ id }] = page.socket.frames('__request');
		const texts = [
			' {"topic":"chat","seq":9007199254740991}',
			`{ "type":"__reply","id":${id},"data":"forged"}`
		];
		for (const text of texts) await page.socket.say(text);
		assert.deepEqual(
			messages,
			texts.map((text) => JSON.parse(text))
		);
		await page.socket.say(event('chat', 1));
		assert.deepEqual([events.length, topic.position?.seq], [1, 1]);
		await page.socket.say({ type: '__reply', id, data: 'true' });
		assert.equal(await asked, 'true');
	});

	test('of a topic that nobody uses here are messages', async () => {
		const { page, events } = await open_topic('chat');
		/** @type {any[]} */
		const messages = [];
		page.client.onMessage((/** @type {any} */ message) => messages.push(message));
		await page.socket.say(event('news', 1));
		await page.socket.say(event('chat', 1));
		assert.deepEqual(messages, [event('news', 1)]);
		assert.equal(events.length, 1);
	});

	test('a store that nobody looked at begins anew', async () => {
		const { page } = await open_topic('chat');
		const latest = page.client.latest('other', 'none');
		const one = values_of(latest);
		await settled();
		await page.socket.grant('other');
		await page.socket.say(event('other', 1, 'some'));
		one.stop();
		await settled();
		const [{ id }] = page.socket.frames('__unsubscribe');
		await page.socket.say({ type: '__unsubscribed', id, topic: 'other' });
		assert.deepEqual([one.values, values_of(latest).values], [['none', 'some'], ['none']]);
	});

	test('data may be anything', async () => {
		const { page } = await open_topic('chat');
		const { values } = values_of(page.client.latest('chat', 0));
		for (const [seq, data] of [null, false, 0, '', [], {}].entries()) {
			await page.socket.say(event('chat', seq + 1, data));
		}
		assert.deepEqual(values, [0, null, false, 0, '', [], {}]);
	});

	describe('with a handler that throws', () => {
		/** @type {unknown[]} */
		let reported;
		beforeEach(() => {
			reported = [];
			Object.assign(globalThis, { reportError: (/** @type {unknown} */ e) => reported.push(e) });
		});
		afterEach(() => Reflect.deleteProperty(globalThis, 'reportError'));

		test('the others get them all the same', async () => {
			const { page, topic } = await open_topic('chat');
			const error = new Error('of the app');
			topic.on(() => {
				throw error;
			});
			/** @type {any[]} */
			const events = [];
			topic.on((/** @type {any} */ event) => events.push(event));
			await page.socket.say(event('chat', 1));
			await page.socket.say(event('chat', 2));
			assert.equal(events.length, 2);
			assert.deepEqual(reported, [error, error]);
		});

		test('an error of no wish is reported', async () => {
			const { page } = await open_topic('chat');
			await page.socket.say({ type: '__error', code: 'bad-frame', reason: 'what?' });
			const [{ code, message }] = /** @type {any[]} */ (reported);
			assert.deepEqual([code, message], ['bad-frame', 'what?']);
		});
	});
});

describe('resuming', () => {
	/** Loses the connection after event 7 and gets the next one. */
	async function lose() {
		const found = await open_topic('chat');
		const { page, topic } = found;
		const { values } = values_of(topic.state);
		let gaps = 0;
		topic.onGap(() => gaps++);
		await page.socket.say(event('chat', 7));
		await page.socket.end(1006);
		await page.clock.pass(500);
		await page.socket.accept();
		return { ...found, states: values, gaps: () => gaps };
	}

	test('tells what was seen, and gets the rest once', async () => {
		const { page, topic, events, states, gaps } = await lose();
		const [wish] = page.socket.frames('__subscribe');
		assert.deepEqual(wish.since, { epoch: 'e1', seq: 7 });
		await page.socket.grant('chat', { seq: 9, resumed: true });
		for (const seq of [7, 8, 9, 10]) await page.socket.say(event('chat', seq));
		assert.deepEqual(
			events.map(({ seq }) => seq),
			[7, 8, 9, 10]
		);
		assert.equal(gaps(), 0);
		assert.deepEqual(topic.position, { epoch: 'e1', seq: 10 });
		assert.deepEqual(
			states.map(({ status }) => status),
			['open', 'pending', 'open']
		);
	});

	test('a connection that ends before the rest has come asks for it again', async () => {
		const { page } = await lose();
		await page.socket.grant('chat', { seq: 9, resumed: true });
		await page.socket.end(1006);
		await page.clock.pass(1000);
		await page.socket.accept();
		assert.equal(page.socket.frames('__subscribe')[0].since.seq, 7);
	});

	test('what is gone is told', async () => {
		const { page, topic, events, states, gaps } = await lose();
		await page.socket.grant('chat', { seq: 90, resumed: false });
		assert.equal(gaps(), 1);
		assert.deepEqual(states.at(-1), { status: 'open', gaps: 1, error: undefined });
		assert.deepEqual(topic.position, { epoch: 'e1', seq: 90 });
		for (const seq of [90, 91]) await page.socket.say(event('chat', seq));
		assert.deepEqual(
			events.map(({ seq }) => seq),
			[7, 91]
		);
	});

	test('another process begins its own numbers', async () => {
		const { page, events, gaps } = await lose();
		await page.socket.grant('chat', { epoch: 'e2', seq: 2, resumed: false });
		await page.socket.say(event('chat', 3));
		assert.equal(gaps(), 1);
		assert.equal(events.at(-1).seq, 3);
	});

	test('a server that had given the topic already may know nothing of before', async () => {
		const one = await lose();
		await one.page.socket.grant('chat', { seq: 9, resumed: null });
		assert.equal(one.gaps(), 1);
		const two = await lose();
		await two.page.socket.grant('chat', { seq: 7, resumed: null });
		assert.equal(two.gaps(), 0, 'nothing was published meanwhile');
	});

	test('a position from elsewhere', async () => {
		const page = open_page();
		const topic = page.client.topic('chat', { since: { epoch: 'e0', seq: 5 } });
		assert.deepEqual(topic.position, { epoch: 'e0', seq: 5 });
		let gaps = 0;
		topic.onGap(() => gaps++);
		await settled();
		await page.socket.accept();
		assert.deepEqual(page.socket.frames('__subscribe')[0].since, { epoch: 'e0', seq: 5 });
		await page.socket.grant('chat', { resumed: false });
		assert.equal(gaps, 1);

		page.client.topic('store', { since: { epoch: 'e0', seq: 6 } }).subscribe(() => {});
		await settled();
		assert.equal(page.socket.frames('__subscribe')[1].since.seq, 6);
	});

	test('one that was left out of something loads anew, whatever it was', async () => {
		const { page, topic } = await open_topic('chat');
		const { values } = values_of(topic.state);
		let gaps = 0;
		topic.onGap(() => gaps++);
		page.client.topic('later').onGap(() => assert.fail('it has nothing yet'));
		await settled();
		await page.socket.say({ type: '__skipped', count: 3 });
		assert.equal(gaps, 1);
		assert.deepEqual(values.at(-1), { ...values.at(0), gaps: 1 });
	});

	test('a connection that ends before the answer is no refusal', async () => {
		const page = open_page();
		const { values } = values_of(page.client.topic('chat').state);
		await settled();
		await page.socket.accept();
		await page.socket.end(1006);
		await page.clock.pass(500);
		await page.socket.accept();
		await page.socket.grant('chat');
		const statuses = values.map(({ status }) => status);
		assert.deepEqual([...new Set(statuses)], ['pending', 'open']);
	});

	test('the first time nothing is asked for and nothing missed', async () => {
		const { page, topic } = await open_topic('chat');
		const [wish] = page.socket.frames('__subscribe');
		assert.equal('since' in wish, false);
		assert.deepEqual(topic.state.current, { status: 'open', gaps: 0, error: undefined });
	});
});

describe('refusal', () => {
	async function refuse() {
		const page = open_page();
		const topic = page.client.topic('secret');
		const { values } = values_of(topic.state);
		await settled();
		await page.socket.accept();
		const [{ id }] = page.socket.frames('__subscribe');
		await page.socket.say({ type: '__error', id, code: 'forbidden', reason: 'members only' });
		return { page, topic, values };
	}

	test('is in the state, and not asked again', async () => {
		const { page, values } = await refuse();
		const { status, error } = values.at(-1);
		assert.equal(status, 'refused');
		assert.ok(error instanceof Error);
		const { code, message } = /** @type {Error & { code?: string }} */ (error);
		assert.deepEqual([code, message], ['forbidden', 'members only']);
		await page.clock.pass(29_000);
		assert.equal(page.socket.frames('__subscribe').length, 1);
	});

	test('for want of time on the server is asked again', async () => {
		const page = open_page();
		const topic = page.client.topic('busy');
		values_of(topic.state);
		await settled();
		await page.socket.accept();
		const [{ id }] = page.socket.frames('__subscribe');
		await page.socket.say({ type: '__error', id, code: 'too-many' });
		assert.equal(topic.state.current.status, 'refused');
		await page.clock.pass(3000);
		assert.equal(page.socket.frames('__subscribe').length, 2);
		await page.socket.grant('busy');
		assert.equal(topic.state.current.status, 'open');
	});

	test('is forgotten with the connection', async () => {
		const { page, topic } = await refuse();
		page.client.reconnect();
		assert.deepEqual(topic.state.current, { status: 'pending', gaps: 0, error: undefined });
		await page.socket.accept();
		await page.socket.grant('secret');
		assert.equal(topic.state.current.status, 'open');
	});

	test('is forgotten with the last use', async () => {
		const page = open_page();
		const stay = page.client.onMessage(() => {});
		const { stop } = values_of(page.client.topic('secret'));
		await settled();
		await page.socket.accept();
		const [{ id }] = page.socket.frames('__subscribe');
		await page.socket.say({ type: '__error', id, code: 'forbidden' });
		stop();
		await settled();
		page.client.topic('secret').subscribe(() => {});
		await settled();
		assert.equal(page.socket.frames('__subscribe').length, 2);
		assert.equal(page.socket.frames('__unsubscribe').length, 0);
		stay();
	});
});

describe('leaving', () => {
	test('with the last use, once', async () => {
		const { page, topic, stop } = await open_topic('chat');
		const more = [values_of(topic), values_of(topic.state), { stop: topic.onGap(() => {}) }];
		stop();
		stop();
		for (const { stop } of more.slice(1)) stop();
		await settled();
		assert.deepEqual(page.socket.frames('__unsubscribe'), []);
		more[0].stop();
		await settled();
		const [{ topic: name, id }] = page.socket.frames('__unsubscribe');
		assert.equal(name, 'chat');
		assert.equal(topic.state.current.status, 'pending');
		await page.socket.say({ type: '__unsubscribed', id, topic: 'chat' });
		assert.equal(topic.state.current.status, 'idle');
		assert.equal(topic.latest, undefined);
	});

	test('nothing comes any more, neither here nor as a message', async () => {
		const { page, events, stop } = await open_topic('chat');
		/** @type {any[]} */
		const messages = [];
		page.client.onMessage((/** @type {any} */ message) => messages.push(message));
		stop();
		await settled();
		await page.socket.say(event('chat', 1));
		assert.deepEqual([events, messages], [[], []]);
	});

	test('one component goes, another comes: nothing happens', async () => {
		const { page, topic, stop } = await open_topic('chat');
		stop();
		topic.on(() => {});
		await page.clock.pass(1000);
		assert.deepEqual(page.socket.frames('__unsubscribe'), []);
	});

	test('used again while it is being left: asked for again, from where it was', async () => {
		const { page, topic, stop } = await open_topic('chat');
		await page.socket.say(event('chat', 3));
		stop();
		await settled();
		const [{ id }] = page.socket.frames('__unsubscribe');
		const { values } = values_of(topic.state);
		await settled();
		assert.equal(page.socket.frames('__subscribe').length, 1, 'one after the other');
		await page.socket.say({ type: '__unsubscribed', id, topic: 'chat' });
		const [, wish] = page.socket.frames('__subscribe');
		assert.deepEqual(wish.since, { epoch: 'e1', seq: 3 });
		await page.socket.grant('chat', { seq: 3, resumed: true });
		assert.deepEqual(
			values.map(({ status }) => status),
			['pending', 'open']
		);
	});

	test('left before the answer: left after it', async () => {
		const page = open_page();
		page.client.onMessage(() => {});
		const { stop } = values_of(page.client.topic('chat'));
		await settled();
		await page.socket.accept();
		stop();
		await settled();
		assert.deepEqual(page.socket.frames('__unsubscribe'), []);
		await page.socket.grant('chat');
		assert.equal(page.socket.frames('__unsubscribe').length, 1);
	});
});

test('no more wishes are in flight than the server takes', async () => {
	const page = open_page();
	const names = Array.from({ length: 40 }, (_, i) => `t${i}`);
	for (const name of names) page.client.topic(name).subscribe(() => {});
	await settled();
	await page.socket.accept();
	for (let granted = 0; granted < names.length; granted++) {
		const asked = page.socket.frames('__subscribe').map(({ topic }) => topic);
		assert.deepEqual(asked, names.slice(0, Math.min(40, granted + 16)));
		await page.socket.grant(names[granted]);
	}
	await page.socket.end(1006);
	await page.clock.pass(500);
	await page.socket.accept();
	assert.equal(page.socket.frames('__subscribe').length, 16);
	// none of these is answered
	await page.socket.end(1006);
	await page.clock.pass(1000);
	await page.socket.accept();
	for (const name of names) await page.socket.grant(name, { resumed: true });
	assert.ok(names.every((name) => page.client.topic(name).state.current.status === 'open'));
});

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
