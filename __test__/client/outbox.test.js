/** What the page says: messages, and what waits while there is no connection. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { event, open_connection, open_page, outcomes, settled } from './page.js';

describe('messages', () => {
	test('texts and bytes go as they are, all else as JSON', async () => {
		const { page } = await open_connection();
		const bytes = new Uint8Array([1, 2]);
		const blob = new Blob(['x']);
		for (const data of ['text', '', bytes, bytes.buffer, blob, { a: 1 }, [1], 2, false, null]) {
			await page.client.send(data);
		}
		await page.client.send(undefined);
		assert.deepEqual(page.socket.raw, [
			...['text', '', bytes, bytes.buffer, blob],
			...['{"a":1}', '[1]', '2', 'false', 'null', 'null']
		]);
	});

	test('what JSON cannot say is refused', async () => {
		const { page } = await open_connection();
		/** @type {any} */
		const circle = {};
		circle.circle = circle;
		await assert.rejects(page.client.send(circle), TypeError);
		await assert.rejects(page.client.request(circle), TypeError);
		assert.deepEqual(page.socket.raw, []);
	});

	test('arrive as values, texts and bytes', async () => {
		const page = open_page();
		/** @type {any[]} */
		const got = [];
		const stop = page.client.onMessage((/** @type {any[]} */ ...message) => got.push(message));
		await settled();
		await page.socket.accept();
		assert.equal(page.socket.binaryType, 'arraybuffer');
		const bytes = new Uint8Array([1]).buffer;
		const texts = ['{"type":"note","data":1}', 'plain', '"json"', 'null', '{"topic":"x"}'];
		for (const raw of [...texts, bytes]) await page.socket.say(raw);
		assert.deepEqual(got, [
			[{ type: 'note', data: 1 }, texts[0]],
			['plain', 'plain'],
			['json', '"json"'],
			[null, 'null'],
			[{ topic: 'x' }, texts[4]],
			[bytes, bytes]
		]);
		stop();
		await page.socket.say('more');
		assert.equal(got.length, 6);
	});
});

describe('without a connection', () => {
	test('what is said waits, and keeps its order', async () => {
		const page = open_page();
		const said = ['one', 'two', 'three'].map((text) => page.client.send(text));
		const found = outcomes(said);
		const asked = page.client.request('four');
		page.client.send('five');
		await settled();
		assert.deepEqual(found, [undefined, undefined, undefined]);
		await page.socket.accept();
		assert.deepEqual(found, ['sent', 'sent', 'sent']);
		const [one, two, three, four, five] = page.socket.raw;
		assert.deepEqual([one, two, three, five], ['one', 'two', 'three', 'five']);
		const { id, data } = JSON.parse(four);
		assert.equal(data, 'four');
		await page.socket.say({ type: '__reply', id, data: 4 });
		assert.equal(await asked, 4);
	});

	test('over several tries', async () => {
		const { page } = await open_connection();
		await page.socket.end(1006);
		const sent = page.client.send('late');
		await page.clock.pass(500);
		await page.socket.end(1006);
		await page.clock.pass(1000);
		await page.socket.accept();
		await sent;
		assert.deepEqual(page.socket.raw, ['late']);
		assert.deepEqual(page.sockets[0].raw, []);
	});

	test('one that is being closed takes nothing any more', async () => {
		const { page } = await open_connection();
		page.socket.readyState = 2;
		const sent = outcomes([page.client.send('late')]);
		await settled();
		assert.deepEqual(sent, [undefined]);
		await page.socket.end(1001);
		await page.clock.pass(500);
		await page.socket.accept();
		assert.deepEqual([page.sockets[0].raw, page.socket.raw], [[], ['late']]);
	});

	test('topics are asked for before', async () => {
		const page = open_page();
		page.client.send('hello');
		page.client.topic('chat').subscribe(() => {});
		await settled();
		await page.socket.accept();
		assert.equal(page.socket.frames('__subscribe').length, 1);
		assert.equal(page.socket.raw.indexOf('hello'), 1);
	});

	test('twice as many as may wait: the older half is refused', async () => {
		const page = open_page();
		const said = Array.from({ length: 200 }, (_, i) => page.client.send(`${i}`));
		const found = outcomes(said);
		await settled();
		assert.deepEqual(
			found,
			Array.from({ length: 200 }, (_, i) => (i < 100 ? 'queue-full' : undefined))
		);
		await page.socket.accept();
		assert.deepEqual(
			page.socket.raw,
			Array.from({ length: 100 }, (_, i) => `${i + 100}`)
		);
		assert.ok(/** @type {any[]} */ (found).slice(100).every((outcome) => outcome === 'sent'));
	});

	test('twice as many bytes as may wait, in any form', async () => {
		const page = open_page();
		page.client.configure({ maxQueuedBytes: 40 });
		// ten bytes each
		const said = ['ééééé', new Uint8Array(10), new Blob(['0123456789']), { a: 'bc' }];
		const found = outcomes([...said, ...said].map((data) => page.client.send(data)));
		await settled();
		assert.deepEqual(found.slice(0, 4), Array(4).fill('queue-full'));
		await page.socket.accept();
		assert.equal(page.socket.raw.length, 4);

		const more = open_page();
		more.client.configure({ maxQueuedBytes: 40 });
		const alone = outcomes([more.client.send('x'.repeat(41)), more.client.send('y')]);
		await settled();
		assert.deepEqual(alone, ['queue-full', undefined]);
	});

	test('requests count as well', async () => {
		const page = open_page();
		page.client.configure({ maxQueued: 2 });
		const found = outcomes([1, 2, 3, 4].map((data) => page.client.request(data)));
		await settled();
		assert.deepEqual(found, ['queue-full', 'queue-full', undefined, undefined]);
	});

	test('nothing is left of what was refused or timed out', async () => {
		const page = open_page();
		page.client.configure({ maxQueuedBytes: 100 });
		const found = outcomes([
			page.client.request('x'.repeat(40), { timeout: 1000 }),
			...[1, 2, 3].map(() => page.client.send('y'.repeat(30)))
		]);
		await settled();
		assert.deepEqual(found, ['queue-full', undefined, undefined, undefined]);
		const late = outcomes([page.client.request('', { timeout: 1000 })]);
		await page.clock.pass(1000);
		assert.deepEqual(late, ['timeout']);
		const more = outcomes([page.client.send('z'.repeat(40))]);
		await settled();
		assert.deepEqual(
			[...found, ...more],
			[...['queue-full', 'queue-full', undefined, undefined], undefined]
		);
		await page.socket.accept();
		assert.deepEqual(
			page.socket.raw.map((text) => text[0]),
			['y', 'y', 'z']
		);
	});
});

test('what the browser cannot get rid of is bounded too', async () => {
	const { page } = await open_connection();
	page.client.configure({ maxQueuedBytes: 1000 });
	page.socket.bufferedAmount = 1001;
	await assert.rejects(page.client.send('more'), { code: 'queue-full' });
	page.socket.bufferedAmount = 1000;
	await page.client.send('more');
	assert.deepEqual(page.socket.raw, ['more']);
});

describe('a server that wants no more', () => {
	test('what waits and what comes is refused', async () => {
		const { page } = await open_connection();
		await page.socket.end(1006);
		const waiting = outcomes([page.client.send('one'), page.client.request('two')]);
		await page.clock.pass(500);
		await page.socket.end(1008, 'banned');
		const later = outcomes([page.client.send('three'), page.client.request('four')]);
		await settled();
		assert.deepEqual([...waiting, ...later], Array(4).fill('stopped'));
		page.client.reconnect();
		await page.socket.accept();
		assert.deepEqual(page.socket.raw, []);
		await page.client.send('five');
	});

	test('what was refused or sent takes no room', async () => {
		const page = open_page();
		page.client.configure({ maxQueuedBytes: 40 });
		for (const code of [1006, 1008, 1006]) {
			const waiting = outcomes([page.client.send('x'.repeat(40))]);
			await settled();
			assert.deepEqual(waiting, [undefined]);
			if (code === 1006) {
				await page.socket.accept();
				assert.deepEqual(waiting, ['sent']);
			}
			page.client.onMessage(() => {});
			await page.socket.end(code);
			if (code === 1008) assert.deepEqual(waiting, ['stopped']);
			if (page.client.status.current === 'stopped') page.client.reconnect();
			else await page.clock.pass(500);
		}
	});
});

describe('frames that make no sense', () => {
	/** @type {unknown[]} */
	let reported;
	beforeEach(() => {
		reported = [];
		Object.assign(globalThis, { reportError: (/** @type {unknown} */ e) => reported.push(e) });
	});
	afterEach(() => Reflect.deleteProperty(globalThis, 'reportError'));

	test('break nothing', async () => {
		const { page } = await open_connection();
		/** @type {any[]} */
		const got = [];
		page.client.onMessage((/** @type {any} */ message) => got.push(message));
		for (const frame of [
			{ type: '__reply', id: 99, data: 1 },
			{ type: '__subscribed', id: 98, topic: 'x' },
			{ type: '__unsubscribed' },
			{ type: '__pong' },
			{ type: '__unheard' },
			{ topic: '__presence:room', seq: 1, type: 'join', data: { id: 'a' } }
		]) {
			await page.socket.say(frame);
		}
		assert.deepEqual([got, reported], [[], []]);
		await page.socket.say({ type: 5, topic: 6, seq: 'x' });
		await page.socket.say(event('elsewhere', 1));
		assert.equal(got.length, 2);
	});
});
