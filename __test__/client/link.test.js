/** The connection: when it opens, when it closes, and whether anybody is there. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open_connection, open_page, settled, values_of } from './page.js';

describe('opening', () => {
	test('nothing connects before something is used', async () => {
		const { client, sockets, clock } = open_page();
		client.topic('chat');
		client.presence('chat');
		const { values } = values_of(client.status);
		await clock.pass(60_000);
		assert.equal(sockets.length, 0);
		assert.deepEqual(values, ['idle']);
		assert.equal(clock.running, 0);
	});

	test('everything shares one connection', async () => {
		const page = open_page();
		const { client } = page;
		for (let i = 0; i < 10; i++) client.topic(`t${i}`).subscribe(() => {});
		client.presence('t1').subscribe(() => {});
		client.onMessage(() => {});
		const sent = client.send('hello');
		await settled();
		assert.equal(page.sockets.length, 1);
		await page.socket.accept();
		await sent;
		assert.equal(page.socket.frames('__subscribe').length, 10);
	});

	test('to look for a moment opens none', async () => {
		const page = open_page();
		page.client.topic('chat').subscribe(() => {})();
		await page.clock.pass(0);
		assert.equal(page.sockets.length, 0);
	});

	for (const [href, options, url] of /** @type {Array<[string, any, string]>} */ ([
		['https://app.example/a/b?c', {}, 'wss://app.example/ws'],
		['http://app.example:5173/', {}, 'ws://app.example:5173/ws'],
		['https://app.example/base/x', { path: '/base/ws' }, 'wss://app.example/base/ws'],
		['https://app.example/', { url: 'http://other.example/s' }, 'ws://other.example/s'],
		['https://app.example/', { url: new URL('wss://o.example/s?t=1') }, 'wss://o.example/s?t=1'],
		['https://app.example/', { url: () => '/later?token=2' }, 'wss://app.example/later?token=2']
	])) {
		test(`from ${href} with ${JSON.stringify(options)} to ${url}`, async () => {
			const page = open_page({ href });
			page.client.configure(options);
			page.client.onMessage(() => {});
			await settled();
			assert.equal(page.socket.url, url);
		});
	}

	test('one that is not answered is given up and tried again', async () => {
		const page = open_page();
		page.client.onMessage(() => {});
		await page.clock.pass(14_999);
		assert.equal(page.socket.closed, undefined);
		await page.clock.pass(1);
		assert.equal(page.socket.closed, 1000);
		assert.equal(page.client.status.current, 'waiting');
		await page.clock.pass(500);
		assert.equal(page.sockets.length, 2);
	});
});

test('an address that cannot be had is asked for again', async (t) => {
	/** @type {unknown[]} */
	const reported = [];
	const { reportError } = globalThis;
	Object.assign(globalThis, {
		reportError: (/** @type {unknown} */ error) => reported.push(error)
	});
	t.after(() => Object.assign(globalThis, { reportError }));
	const page = open_page();
	let asked = 0;
	page.client.configure({
		url() {
			asked += 1;
			if (asked === 1) throw new Error('no token yet');
			return '/ws?token=1';
		}
	});
	page.client.onMessage(() => {});
	await settled();
	assert.deepEqual([asked, page.client.status.current], [1, 'waiting']);
	assert.equal(reported.length, 1);
	await page.clock.pass(500);
	assert.equal(page.socket.url, 'wss://app.example/ws?token=1');
});

describe('closing', () => {
	test('a little after the last use', async () => {
		const { page, stop } = await open_connection();
		stop();
		await page.clock.pass(4999);
		assert.equal(page.socket.closed, undefined);
		await page.clock.pass(1);
		assert.equal(page.socket.closed, 1000);
		assert.equal(page.client.status.current, 'idle');
		await page.clock.pass(600_000);
		assert.equal(page.sockets.length, 1);
		assert.equal(page.clock.running, 0);
	});

	test('not if it is used again meanwhile', async () => {
		const { page, stop } = await open_connection();
		stop();
		await page.clock.pass(4000);
		const again = page.client.onMessage(() => {});
		await page.clock.pass(10_000);
		assert.equal(page.sockets[0].closed, undefined);
		assert.equal(page.sockets.length, 1);
		again();
		await page.clock.pass(4999);
		assert.equal(page.socket.closed, undefined);
		await page.clock.pass(1);
		assert.equal(page.socket.closed, 1000);
	});

	test('a message alone is a use until it is sent', async () => {
		const page = open_page();
		const sent = page.client.send('only this');
		await settled();
		await page.socket.accept();
		await sent;
		assert.deepEqual(page.socket.raw, ['only this']);
		await page.clock.pass(5000);
		assert.equal(page.socket.closed, 1000);
	});

	test('to answer requests is a use', async () => {
		const page = open_page();
		const stop = page.client.onRequest(() => {});
		await settled();
		await page.socket.accept();
		await page.clock.pass(20_000);
		assert.equal(page.socket.closed, undefined);
		stop();
		await page.clock.pass(5000);
		assert.equal(page.socket.closed, 1000);
	});

	test('what is lost while unused is not tried again', async () => {
		const { page, stop } = await open_connection();
		stop();
		await settled();
		await page.socket.end(1006);
		assert.equal(page.client.status.current, 'idle');
		await page.clock.pass(600_000);
		assert.equal(page.sockets.length, 1);
	});

	test('a try that waits ends with the last use', async () => {
		const { page, stop } = await open_connection();
		await page.socket.end(1006);
		assert.equal(page.client.status.current, 'waiting');
		stop();
		await page.clock.pass(600_000);
		assert.equal(page.client.status.current, 'idle');
		assert.equal(page.sockets.length, 1);
	});
});

describe('is anybody there', () => {
	const ping = '{"type":"__ping"}';

	test('a page that is looked at again asks, and hears', async () => {
		const { page } = await open_connection();
		await page.become('hidden');
		assert.deepEqual(page.socket.raw, []);
		await page.become('visible');
		assert.deepEqual(page.socket.raw, [ping]);
		await page.happen('online');
		assert.deepEqual(page.socket.raw, [ping], 'one is enough');
		await page.clock.pass(4000);
		await page.socket.say({ type: '__pong' });
		await page.clock.pass(20_000);
		assert.equal(page.sockets.length, 1);
	});

	test('any message is an answer', async () => {
		const { page } = await open_connection();
		await page.happen('online');
		await page.socket.say('anything');
		await page.clock.pass(20_000);
		assert.equal(page.sockets.length, 1);
	});

	test('no answer: given up, and another at once', async () => {
		const { page } = await open_connection();
		await page.become('visible');
		await page.clock.pass(4999);
		assert.equal(page.sockets.length, 1);
		await page.clock.pass(1);
		assert.equal(page.sockets[0].closed, 1000);
		assert.equal(page.sockets.length, 2);
		assert.equal(page.client.status.current, 'connecting');
	});

	for (const [what, wake] of /** @type {Array<[string, (page: any) => unknown]>} */ ([
		['the network is back', (page) => page.happen('online')],
		['somebody looks', (page) => page.become('visible')]
	])) {
		test(`${what}: a try that waits is made at once`, async () => {
			const { page } = await open_connection({ random: () => 1 });
			await page.socket.end(1006);
			await wake(page);
			assert.equal(page.sockets.length, 2);
			await wake(page);
			assert.equal(page.sockets.length, 2, 'one that connects is left alone');
			await page.clock.pass(1000);
			assert.equal(page.sockets.length, 2, 'the try that waited is gone');
		});
	}

	test('after silence a visible page asks, a hidden one does not', async () => {
		const { page } = await open_connection();
		await page.clock.pass(30_000);
		assert.deepEqual(page.socket.raw, [ping]);
		await page.socket.say({ type: '__pong' });
		await page.clock.pass(20_000);
		await page.socket.say('x');
		await page.clock.pass(10_000);
		assert.deepEqual(page.socket.raw, [ping], 'it was not silent');

		await page.become('hidden');
		await page.clock.pass(600_000);
		assert.deepEqual(page.socket.raw, [ping]);
		assert.equal(page.sockets.length, 1);
	});

	test('a hidden page takes its time to come again', async () => {
		const { page } = await open_connection({ random: () => 1 });
		await page.become('hidden');
		await page.socket.end(1006);
		assert.equal(page.clock.next, 30_000);
	});
});
