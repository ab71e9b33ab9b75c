/**
 * What streams of server-sent events are held to: rates, caps, time, a queue for who reads slowly. Most
 * of it is waiting, so several wait at once.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from './client.js';
import { Stream, holds, refused } from './events.js';
import { start_site } from './site.js';

/** @typedef {import('./site.js').Site} Site */

/** @param {string} address */
const from = (address) => ({ 'x-client': address });

describe('streams are held to', { concurrency: 2 }, () => {
	test('a rate that they share with handshakes', async (t) => {
		const env = { WEBSOCKET_UPGRADE_RATE_LIMIT: '2/60s', WEBSOCKET_PUBLIC_TOPICS: 'news' };
		const site = await start_site({ env });
		t.after(() => site.stop());
		// what is none of ours costs nothing, nor does what makes no sense
		for (let at = 0; at < 5; at += 1) {
			assert.equal((await refused(site, '/elsewhere/sse')).status, 404);
			assert.equal((await refused(site, '/ws/sse')).status, 400);
		}
		assert.equal((await refused(site, '/ws/sse?topic=news&return')).status, 409);
		await (await Client.open(site)).leave();
		const { status, headers } = await refused(site, '/ws/sse?topic=news');
		assert.equal(status, 429);
		assert.ok(Number(headers['retry-after']) > 0);
	});

	test('caps of peers, of an address and in all', async (t) => {
		const env = {
			WEBSOCKET_MAX_PEERS: '2',
			WEBSOCKET_MAX_PEERS_PER_ADDRESS: '1',
			WEBSOCKET_PUBLIC_TOPICS: 'news',
			ADDRESS_HEADER: 'x-client'
		};
		const site = await start_site({ env });
		t.after(() => site.stop());
		const target = '/ws/sse?topic=news';
		const socket = await Client.open(site, '/ws', { headers: from('192.0.2.1') });
		assert.equal((await refused(site, target, from('192.0.2.1'))).status, 429);
		const stream = await Stream.open(site, target, from('192.0.2.2'));
		await stream.event('__subscribed');
		assert.equal((await refused(site, target, from('192.0.2.3'))).status, 503);
		stream.close();
		await holds(async () => (await site.hub('count')) === 1);
		const next = await Stream.open(site, target, from('192.0.2.3'));
		assert.equal(next.status, 200);
		next.close();
		await socket.leave();
	});

	describe('bounds of what they share with others', { concurrency: false }, () => {
		/** @type {Site} */
		let site;
		before(async () => {
			site = await start_site({
				env: {
					WEBSOCKET_MAX_TOPICS: '20',
					WEBSOCKET_MAX_QUEUED_BYTES: '64kb',
					WEBSOCKET_PUBLIC_TOPICS: 'news,any:*',
					ADDRESS_HEADER: 'x-client'
				}
			});
		});
		after(() => site?.stop());

		test('a share of the topics that there may be, with the sockets of their address', async () => {
			/** @param {string[]} names */
			const target = (names) => `/echo/sse?${names.map((name) => `topic=any:${name}`).join('&')}`;
			/**
			 * @param {string} address
			 * @param {...string} names
			 */
			const begin = (address, ...names) => Stream.open(site, target(names), from(address));
			/**
			 * @param {string} address
			 * @param {number} expected
			 * @param {...string} names
			 */
			const is_refused = async (address, expected, ...names) => {
				const { status, headers, body } = await refused(site, target(names), from(address));
				assert.equal(status, expected);
				assert.equal(JSON.parse(body).code, 'topics');
				assert.equal(headers['retry-after'], '1');
			};
			await is_refused('192.0.2.1', 429, 'a', 'b', 'c');
			const one = await begin('192.0.2.1', 'a', 'b');
			await one.event('__subscribed');
			await is_refused('192.0.2.1', 429, 'a', 'c');
			const same = await begin('192.0.2.1', 'b', 'a');
			assert.equal(same.status, 200, 'which are there already');
			const socket = await Client.open(site, '/echo', { headers: from('192.0.2.1') });
			const wish = () => socket.wish({ type: '__subscribe', id: 1, topic: 'any:c' });
			const { type, code } = await wish();
			assert.deepEqual([type, code], ['__error', 'topics']);

			// others have shares of their own, of what there is in all
			const others = [];
			for (let at = 2; at <= 10; at += 1) {
				others.push(await begin(`192.0.2.${at}`, `${at}`, `${at}-too`));
			}
			assert.deepEqual(
				others.map(({ status }) => status),
				others.map(() => 200)
			);
			await is_refused('192.0.2.11', 503, 'd');
			one.close();
			same.close();
			// its topics go with it
			await holds(async () => (await wish()).type === '__subscribed');
			for (const stream of others) stream.close();
			await socket.leave();
			await holds(async () => (await site.hub('count')) === 0);
		});

		test('a slow client is skipped, and holds nobody else back', async () => {
			const slow = await Stream.open(site, '/echo/sse?topic=news', from('192.0.2.1'));
			const fast = await Stream.open(site, '/echo/sse?topic=news', from('192.0.2.1'));
			await slow.event('__subscribed');
			await fast.event('__subscribed');
			slow.socket.pause();
			const data = 'x'.repeat(32 * 1024);
			const count = 600;
			for (let n = 0; n < count; n += 1) {
				await site.hub('publish', 'news', { n, data });
				assert.equal((await fast.json()).data.n, n);
			}
			slow.socket.resume();
			let heard = 0;
			let skipped = 0;
			for (;;) {
				const json = await slow.json();
				// the hook `drain` is called for a stream too
				if (json.type === 'drained') break;
				if (json.type === '__skipped') skipped += json.count;
				else heard += 1;
			}
			assert.ok(heard > 0 && heard < count, `${heard} of ${count}`);
			assert.equal(heard + skipped, count);
			fast.close();
			slow.close();
		});
	});

	describe('time', { concurrency: true }, () => {
		/** @type {Site} */
		let site;
		before(async () => {
			const env = {
				WEBSOCKET_HEARTBEAT: '1s',
				WEBSOCKET_PUBLIC_TOPICS: 'news',
				REQUEST_TIMEOUT: '3s'
			};
			site = await start_site({ env });
		});
		after(() => site?.stop());

		test('a hook that does not say whether it may: 504, and it is gone', async () => {
			assert.equal((await refused(site, '/ws/sse?topic=never')).status, 504);
			await holds(async () => (await site.hub('count')) === 0);
		});

		test('silence is broken by signs of life', async () => {
			const stream = await Stream.open(site, '/echo/sse?topic=news');
			await stream.event('__subscribed');
			const before = stream.last_id;
			// heard by nobody here, so it only moves the order of all
			await site.hub('publish', 'room:elsewhere', 1);
			await stream.until(() => stream.last_id !== before || undefined, 'a sign of life');
			assert.equal((await site.hub('position', 'news')).eventId, stream.last_id);
			// and it goes on well beyond two of them
			await pause(2500);
			await site.hub('publish', 'news', 'still there');
			assert.equal((await stream.next()).data, 'still there');
			stream.close();
		});
	});
});
