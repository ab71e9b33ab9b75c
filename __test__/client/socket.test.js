/**
 * Over a real connection: the platform's WebSocket against `ws`, on which the test plays the
 * server. What a socket does by itself, the scripted ones of the other tests cannot show.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { create_client } from '../../client/client.js';
import { event } from './page.js';

/** @typedef {import('ws').WebSocket} Peer */

describe('a real connection', () => {
	/** @type {WebSocketServer} */
	let server;
	/** @type {any} */
	let client;
	/** @type {(() => void)[]} what keeps the client's connection in use */
	let stops;
	/** @type {EventTarget} */
	let page_events;

	/** @param {number} [port] */
	async function listen(port = 0) {
		server = new WebSocketServer({ host: '127.0.0.1', port });
		await once(server, 'listening');
		return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
	}

	async function shut() {
		for (const peer of server.clients) peer.terminate();
		server.close();
		await once(server, 'close');
	}

	beforeEach(async () => {
		const port = await listen();
		stops = [];
		page_events = new EventTarget();
		const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
		client = create_client(
			/** @type {any} */ ({
				...{ WebSocket, Date, setTimeout, clearTimeout, setInterval, clearInterval, document },
				addEventListener: page_events.addEventListener.bind(page_events),
				location: new URL(`http://127.0.0.1:${port}/page`),
				// no wait at all
				Math: { random: () => 0 }
			})
		);
		client.configure({ linger: 0 });
	});

	afterEach(async () => {
		for (const stop of stops) stop();
		await status('idle');
		await shut();
	});

	/** @param {string} wanted */
	function status(wanted) {
		return new Promise((resolve) => {
			// a microtask later: the first call comes before `stop` is there
			const stop = client.status.subscribe((/** @type {string} */ now) => {
				if (now !== wanted) return;
				queueMicrotask(() => {
					stop();
					resolve(undefined);
				});
			});
		});
	}

	/** The next peer, with all that it says. */
	async function next_peer() {
		const [peer, request] = await once(server, 'connection');
		/** @type {any[]} */
		const heard = [];
		/** @type {(() => void)[]} */
		const waiting = [];
		peer.on('message', (/** @type {Buffer} */ data, /** @type {boolean} */ binary) => {
			heard.push(binary ? data : JSON.parse(String(data)));
			for (const wake of waiting.splice(0)) wake();
		});
		return {
			/** @type {Peer} */
			peer,
			url: request.url,
			/** @param {number} count */
			async hear(count) {
				while (heard.length < count) await new Promise((resolve) => waiting.push(() => resolve(1)));
				return heard;
			},
			/** @param {object} frame */
			say: (frame) => peer.send(JSON.stringify(frame))
		};
	}

	test('subscribes, is thrown out, resumes', async () => {
		const chat = client.topic('chat');
		/** @type {any[]} */
		const events = [];
		/** @type {() => void} */
		let wake = () => {};
		stops.push(
			chat.on((/** @type {any} */ event) => {
				events.push(event.seq);
				wake();
			})
		);
		const one = await next_peer();
		assert.equal(one.url, '/ws');
		const [wish] = await one.hear(1);
		one.say({ ...wish, type: '__subscribed', seq: 0, epoch: 'e', resumed: null });
		const came = new Promise((resolve) => (wake = () => resolve(1)));
		one.say(event('chat', 1));
		await came;
		one.peer.terminate();

		const two = await next_peer();
		const [again] = await two.hear(1);
		assert.deepEqual(again.since, { epoch: 'e', seq: 1 });
		const rest = new Promise((resolve) => (wake = () => events.at(-1) === 4 && resolve(1)));
		two.say({ ...again, type: '__subscribed', seq: 3, epoch: 'e', resumed: true });
		for (const seq of [2, 3, 3, 4]) two.say(event('chat', seq));
		await rest;
		assert.deepEqual(events, [1, 2, 3, 4]);
	});

	test('requests and bytes, both ways', async () => {
		/** @type {any[]} */
		const got = [];
		/** @type {(value: unknown) => void} */
		let arrived = () => {};
		const arrival = new Promise((resolve) => (arrived = resolve));
		stops.push(
			client.onMessage((/** @type {any} */ message) => {
				got.push(message);
				arrived(1);
			}),
			client.onRequest((/** @type {any} */ data) => data * 2)
		);
		const asked = client.request({ ask: 1 });
		const { hear, say, peer } = await next_peer();
		const [{ id, data }] = await hear(1);
		assert.deepEqual(data, { ask: 1 });
		say({ type: '__reply', id, data: 'answer' });
		assert.equal(await asked, 'answer');

		client.send(new Uint8Array([1, 2, 3]));
		assert.deepEqual((await hear(2))[1], Buffer.from([1, 2, 3]));
		peer.send(new Uint8Array([4, 5]));
		await arrival;
		assert.deepEqual(got, [new Uint8Array([4, 5]).buffer]);

		say({ type: '__request', id: 9, data: 21 });
		assert.deepEqual((await hear(3))[2], { type: '__reply', id: 9, data: 42 });
	});

	test('a code that says not to come again', async () => {
		stops.push(client.onMessage(() => {}));
		const { peer } = await next_peer();
		peer.close(1008, 'banned');
		await status('stopped');
		assert.deepEqual(client.status.closed, { code: 1008, reason: 'banned' });
		client.reconnect();
		await next_peer();
	});

	test('nobody listens: goes on trying, and finds the server when it is back', async () => {
		stops.push(client.onMessage(() => {}));
		await next_peer();
		const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
		await shut();
		await status('waiting');
		await status('connecting');
		await status('waiting');
		await listen(port);
		const sent = client.send({ late: true });
		const { hear } = await next_peer();
		await sent;
		assert.deepEqual(await hear(1), [{ late: true }]);
	});

	test('a page that is left says goodbye', async () => {
		stops.push(client.onMessage(() => {}));
		const { peer } = await next_peer();
		await status('open');
		const closed = once(peer, 'close');
		page_events.dispatchEvent(new Event('pagehide'));
		assert.equal((await closed)[0], 1000);
		const back = next_peer();
		page_events.dispatchEvent(new Event('pageshow'));
		await back;
	});
});
