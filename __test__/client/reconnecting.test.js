/** A connection that was lost, or left with its page, comes again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open_connection, open_page, open_topic, settled, values_of } from './page.js';

describe('coming again', () => {
	/** The longest waits, one after another. @param {number} random */
	async function waits(random, tries = 7, code = 1006) {
		const { page } = await open_connection({ random: () => random });
		await page.socket.end(code);
		const found = [];
		for (let i = 0; i < tries; i++) {
			found.push(page.clock.next);
			await page.clock.pass(page.clock.next);
			assert.equal(page.sockets.length, i + 2);
			await page.socket.end(code);
		}
		return found;
	}

	test('full jitter: up to twice as long each time, 30 s at most', async () => {
		const all = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
		assert.deepEqual(await waits(1), all);
		assert.deepEqual(
			await waits(0.5),
			all.map((wait) => wait / 2)
		);
		assert.deepEqual(
			await waits(0),
			all.map(() => 0)
		);
	});

	for (const code of [1012, 1013]) {
		test(`${code}: never all at once`, async () => {
			assert.deepEqual(await waits(1, 5, code), [8000, 8000, 8000, 8000, 16_000]);
		});
	}

	for (const code of [1000, 1001, 1006, 1009, 1011, 1012, 1013, 3000]) {
		test(`${code} comes again`, async () => {
			const { page } = await open_connection();
			await page.socket.end(code, 'because');
			assert.equal(page.client.status.current, 'waiting');
			assert.deepEqual(page.client.status.closed, { code, reason: 'because' });
			await page.clock.pass(8000);
			assert.equal(page.sockets.length, 2);
		});
	}

	for (const code of [1008, 4000, 4401, 4999]) {
		test(`${code} does not`, async () => {
			const { page } = await open_connection();
			await page.socket.end(code, 'go away');
			assert.equal(page.client.status.current, 'stopped');
			assert.deepEqual(page.client.status.closed, { code, reason: 'go away' });
			page.client.topic('another').subscribe(() => {});
			await page.happen('online');
			await page.become('hidden');
			await page.become('visible');
			await page.clock.pass(600_000);
			assert.equal(page.sockets.length, 1);

			page.client.reconnect();
			assert.equal(page.sockets.length, 2);
			await page.socket.accept();
			assert.equal(page.client.status.current, 'open');
		});
	}

	test('the app may decide', async () => {
		const { page } = await open_connection();
		/** @type {any[]} */
		const asked = [];
		page.client.configure({
			retry(...close) {
				asked.push(close);
				return close[0] === 4000;
			}
		});
		await page.socket.end(4000, 'soon');
		assert.equal(page.client.status.current, 'waiting');
		await page.clock.pass(500);
		await page.socket.accept();
		await page.socket.end(1006);
		assert.equal(page.client.status.current, 'stopped');
		assert.deepEqual(asked, [
			[4000, 'soon'],
			[1006, '']
		]);
	});

	test('only a connection that lasted makes the next wait short again', async () => {
		const { page } = await open_connection({ random: () => 1 });
		for (const wait of [1000, 2000, 4000]) {
			await page.clock.pass(4999);
			await page.socket.end(1006);
			assert.equal(page.clock.next, wait);
			await page.clock.pass(wait);
			await page.socket.accept();
		}
		await page.clock.pass(5000);
		await page.socket.end(1006);
		assert.equal(page.clock.next, 1000);
	});

	test('status says what goes on', async () => {
		const page = open_page();
		const { values } = values_of(page.client.status);
		page.client.onMessage(() => {});
		await settled();
		await page.socket.accept();
		await page.socket.end(1006);
		await page.clock.pass(500);
		await page.socket.accept();
		await page.socket.end(1008);
		assert.deepEqual(values, [
			'idle',
			'connecting',
			'open',
			'waiting',
			'connecting',
			'open',
			'stopped'
		]);
	});

	test('an app that begins anew as soon as it hears of the loss', async () => {
		const { page } = await open_topic('chat', { random: () => 1 });
		page.client.topic('chat').state.subscribe((/** @type {any} */ { status }) => {
			if (status === 'pending' && page.sockets.length === 1) page.client.reconnect();
		});
		await page.socket.end(1006);
		assert.equal(page.sockets.length, 2);
		assert.equal(page.client.status.current, 'connecting');
		await page.socket.accept();
		await page.clock.pass(20_000);
		assert.equal(page.sockets.length, 2);
		assert.equal(page.client.status.current, 'open');
	});

	test('and as soon as it hears that nobody answers', async () => {
		const { page } = await open_topic('chat');
		page.client.topic('chat').state.subscribe((/** @type {any} */ { status }) => {
			if (status === 'pending' && page.sockets.length === 1) page.client.reconnect();
		});
		await page.become('visible');
		await page.clock.pass(5000);
		assert.equal(page.sockets.length, 2);
	});

	test('reconnect closes and opens, and opens nothing that is not needed', async () => {
		const { page, stop } = await open_connection();
		page.client.reconnect();
		assert.equal(page.sockets[0].closed, 1000);
		assert.equal(page.sockets.length, 2);
		await page.socket.accept();
		stop();
		page.client.reconnect();
		assert.equal(page.sockets[1].closed, 1000);
		assert.equal(page.sockets.length, 2);
		assert.equal(page.client.status.current, 'idle');
	});
});

describe('the way back', () => {
	test('a page that is left closes, and one that is restored resumes', async () => {
		const { page } = await open_topic('chat');
		const { values } = values_of(page.client.status);
		await page.happen('pagehide');
		assert.equal(page.socket.closed, 1000);
		await page.clock.pass(600_000);
		assert.equal(page.sockets.length, 1);
		assert.equal(page.clock.running, 0, 'nothing goes on in a page that sleeps');

		await page.happen('pageshow');
		assert.equal(page.sockets.length, 2);
		await page.socket.accept();
		const [wish] = page.socket.frames('__subscribe');
		assert.deepEqual(wish.since, { epoch: 'e1', seq: 0 });
		assert.deepEqual(values, ['open', 'waiting', 'connecting', 'open']);
	});

	test('a page that only shows itself is none', async () => {
		const { page } = await open_connection();
		await page.happen('pageshow');
		assert.deepEqual(page.socket.raw, []);
		assert.equal(page.sockets.length, 1);
	});

	test('what is begun on the way out waits for the way back', async () => {
		const { page } = await open_connection();
		await page.happen('pagehide');
		page.client.send('unload');
		await settled();
		assert.equal(page.sockets.length, 1);
		await page.happen('pageshow');
		await page.socket.accept();
		assert.deepEqual(page.socket.raw, ['unload']);
	});

	test('while a try waits', async () => {
		const { page } = await open_connection();
		await page.socket.end(1006);
		await page.happen('pagehide');
		await page.clock.pass(600_000);
		assert.equal(page.sockets.length, 1);
		await page.happen('pageshow');
		assert.equal(page.sockets.length, 2);
	});
});
