/** What the page says: messages, requests, and what waits while there is no connection. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { event, open_page, settled } from './page.js';

async function open() {
	const page = open_page();
	page.client.onMessage(() => {});
	await settled();
	await page.socket.accept();
	return page;
}

/** How each promise stands: its value, its error's code, or `undefined` while it waits. */
function outcomes(/** @type {Promise<any>[]} */ promises) {
	/** @type {any[]} */
	const found = promises.map(() => undefined);
	for (const [i, promise] of promises.entries()) {
		promise.then(
			(value) => (found[i] = value ?? 'sent'),
			(error) => (found[i] = error.code)
		);
	}
	return found;
}

describe('messages', () => {
	test('texts and bytes go as they are, all else as JSON', async () => {
		const page = await open();
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
		const page = await open();
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
		const page = await open();
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
		const page = await open();
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
	const page = await open();
	page.client.configure({ maxQueuedBytes: 1000 });
	page.socket.bufferedAmount = 1001;
	await assert.rejects(page.client.send('more'), { code: 'queue-full' });
	page.socket.bufferedAmount = 1000;
	await page.client.send('more');
	assert.deepEqual(page.socket.raw, ['more']);
});

describe('a server that wants no more', () => {
	test('what waits and what comes is refused', async () => {
		const page = await open();
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

describe('requests', () => {
	test('each gets its own answer', async () => {
		const page = await open();
		const asked = ['a', { b: 1 }, undefined].map((data) => page.client.request(data));
		const frames = page.socket.frames('__request');
		assert.deepEqual(
			frames.map(({ data }) => data),
			['a', { b: 1 }, null]
		);
		for (const { id, data } of frames.toReversed()) {
			await page.socket.say({ type: '__reply', id, data: [data] });
		}
		assert.deepEqual(await Promise.all(asked), [['a'], [{ b: 1 }], [null]]);
		assert.equal(page.clock.next, 30_000, 'no timer is left but the one of silence');
	});

	test('the error of a hook', async () => {
		const page = await open();
		const asked = outcomes([page.client.request(1), page.client.request(2)]);
		const [one, two] = page.socket.frames('__request');
		await page.socket.say({ type: '__reply', id: one.id, error: 'no such room' });
		await page.socket.say({ type: '__error', id: two.id, code: 'too-many', reason: 'slowly' });
		assert.deepEqual(asked, ['failed', 'too-many']);

		const message = page.client.request(3);
		const [{ id }] = page.socket.frames('__request').slice(2);
		setImmediate(() => page.socket.say({ type: '__reply', id, error: 'no such room' }));
		await assert.rejects(message, { code: 'failed', message: 'no such room' });
	});

	test('no answer in time', async () => {
		const page = await open();
		const asked = outcomes([
			page.client.request(1),
			page.client.request(2, { timeout: 100 }),
			page.client.request(3, { timeout: 0 })
		]);
		await page.clock.pass(100);
		assert.deepEqual(asked, [undefined, 'timeout', undefined]);
		await page.clock.pass(9900);
		assert.deepEqual(asked, ['timeout', 'timeout', undefined]);
		for (const { id } of page.socket.frames('__request')) {
			await page.socket.say({ type: '__reply', id, data: 'late' });
		}
		assert.deepEqual(asked, ['timeout', 'timeout', 'late']);
	});

	test('a connection that ends takes the answers with it', async () => {
		const page = await open();
		const asked = outcomes([page.client.request(1)]);
		await page.socket.end(1006);
		assert.deepEqual(asked, ['disconnected']);
		await page.clock.pass(500);
		await page.socket.accept();
		assert.deepEqual(page.socket.raw, [], 'it is not asked twice');
	});

	test('no more are in flight than the server takes, also of those that are given up', async () => {
		const page = await open();
		const asked = outcomes(
			Array.from({ length: 20 }, (_, i) => page.client.request(i, { timeout: i < 16 ? 100 : 0 }))
		);
		const sent = page.client.send('behind them');
		assert.equal(page.socket.frames('__request').length, 16);
		await page.clock.pass(100);
		assert.equal(asked.filter((outcome) => outcome === 'timeout').length, 16);
		assert.equal(page.socket.frames('__request').length, 16, 'the server is still at it');
		for (const { id } of page.socket.frames('__request').slice(0, 4)) {
			await page.socket.say({ type: '__reply', id, data: 0 });
		}
		await sent;
		assert.deepEqual(
			page.socket.frames('__request').map(({ data }) => data),
			Array.from({ length: 20 }, (_, i) => i)
		);
		assert.equal(page.socket.raw.at(-1), 'behind them');
	});

	test('one that was given up holds nothing open', async () => {
		const page = open_page();
		const asked = outcomes([page.client.request('x', { timeout: 1000 })]);
		await settled();
		await page.socket.accept();
		await page.clock.pass(6000);
		assert.deepEqual(asked, ['timeout']);
		assert.equal(page.socket.closed, 1000);
	});

	test('one keeps the connection open until it is answered', async () => {
		const page = open_page();
		const asked = page.client.request('x', { timeout: 0 });
		await settled();
		await page.socket.accept();
		await page.clock.pass(29_000);
		assert.equal(page.socket.closed, undefined);
		await page.socket.say({ type: '__reply', id: page.socket.sent[0].id, data: 'y' });
		assert.equal(await asked, 'y');
		await page.clock.pass(5000);
		assert.equal(page.socket.closed, 1000);
	});
});

describe('requests of the server', () => {
	/** @param {any} page @param {any} data */
	async function ask(page, data, id = 7) {
		await page.socket.say({ type: '__request', id, data });
		return page.socket.frames('__reply').at(-1);
	}

	test('are answered by the handler that came last', async () => {
		const page = await open();
		page.client.onRequest((/** @type {any} */ data) => ['first', data]);
		const stop = page.client.onRequest(async (/** @type {any} */ data) => ({ data }));
		assert.deepEqual(await ask(page, 1), { type: '__reply', id: 7, data: { data: 1 } });
		stop();
		assert.deepEqual(await ask(page, 2, 8), { type: '__reply', id: 8, data: ['first', 2] });
	});

	test('also by what it throws, by nothing, and where nobody answers', async () => {
		const page = await open();
		const reply = { type: '__reply', id: 7 };
		const told = await ask(page, 1);
		assert.deepEqual(told, { ...reply, error: 'nobody answers requests here' });
		/** @type {() => any} */
		let run = () => {
			throw new Error('cannot');
		};
		page.client.onRequest(() => run());
		assert.deepEqual(await ask(page, 1), { ...reply, error: 'cannot' });
		run = () => Promise.reject('a text');
		assert.deepEqual(await ask(page, 1), { ...reply, error: 'a text' });
		run = () => {};
		assert.deepEqual(await ask(page, 1), { ...reply, data: null });
		run = () => 1n;
		assert.match((await ask(page, 1)).error, /BigInt/);
	});

	test('are not answered on another connection', async () => {
		const page = await open();
		/** @type {(value: string) => void} */
		let finish = () => {};
		page.client.onRequest(() => new Promise((resolve) => (finish = resolve)));
		await page.socket.say({ type: '__request', id: 1, data: null });
		await page.socket.end(1006);
		await page.clock.pass(500);
		await page.socket.accept();
		finish('late');
		await settled();
		assert.deepEqual([...page.sockets[0].raw, ...page.socket.raw], []);
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
		const page = await open();
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
