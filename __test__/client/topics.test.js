/** Topics: subscribed once, refused, left. */
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
