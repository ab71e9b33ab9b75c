/** Requests of the page and of the server, and their answers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open_connection, open_page, outcomes, settled } from './page.js';

describe('requests', () => {
	test('each gets its own answer', async () => {
		const { page } = await open_connection();
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
		const { page } = await open_connection();
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
		const { page } = await open_connection();
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
		const { page } = await open_connection();
		const asked = outcomes([page.client.request(1)]);
		await page.socket.end(1006);
		assert.deepEqual(asked, ['disconnected']);
		await page.clock.pass(500);
		await page.socket.accept();
		assert.deepEqual(page.socket.raw, [], 'it is not asked twice');
	});

	test('no more are in flight than the server takes, also of those that are given up', async () => {
		const { page } = await open_connection();
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
		const { page } = await open_connection();
		page.client.onRequest((/** @type {any} */ data) => ['first', data]);
		const stop = page.client.onRequest(async (/** @type {any} */ data) => ({ data }));
		assert.deepEqual(await ask(page, 1), { type: '__reply', id: 7, data: { data: 1 } });
		stop();
		assert.deepEqual(await ask(page, 2, 8), { type: '__reply', id: 8, data: ['first', 2] });
	});

	test('also by what it throws, by nothing, and where nobody answers', async () => {
		const { page } = await open_connection();
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
		const { page } = await open_connection();
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
