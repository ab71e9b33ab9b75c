/**
 * Sockets that last through whatever happens to workers: peers that have a topic, and publishers that
 * keep asking workers to publish to it and know of each number what became of it. Which peer may
 * miss what is compared here; what happens meanwhile is for the test to say.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { exchange } from '../harness/wire.js';
import { request } from '../parity/case.js';
import { Client } from '../sockets/client.js';

/** @typedef {import('../harness/wire.js').Address & { port: number }} Address */

const TOPIC = 'chaos';

/** For a server whose app has no hooks for sockets: a hub, and a topic that is everybody's. */
export const LISTENERS_ENV = {
	WEBSOCKET_ENABLED: 'true',
	WEBSOCKET_PUBLIC_TOPICS: TOPIC,
	WEBSOCKET_UPGRADE_RATE_LIMIT: '0'
};

/** A time within which whatever does not hang has been answered, and what was published has come. */
const HANGS = 30_000;

/** Between an answer and the next message of a publisher, in milliseconds */
const REST = 5;

/**
 * @typedef {{ by: number, n: number }} Numbered
 * @typedef {'published' | 'lost' | 'refused'} Outcome
 */

/** @param {Numbered} message */
const name_of = ({ by, n }) => `${by}/${n}`;

export class Listeners {
	/** @type {Client[]} */
	#clients = [];
	/** What each has heard, in order. @type {Array<Array<Numbered & { seq: number }>>} */
	#heard = [];
	/** @type {Map<string, Outcome>} */
	#outcomes = new Map();
	#address;
	#ended = false;
	/** @type {Promise<void>[]} */
	#publishing = [];

	/** @param {Address} address */
	constructor(address) {
		this.#address = address;
	}

	/**
	 * Has peers come, and then publishers begin
	 * @param {Address} address
	 * @param {{ peers: number, publishers: number }} count
	 */
	static async begin(address, { peers, publishers }) {
		const all = new Listeners(address);
		await Promise.all(Array.from({ length: peers }, () => all.#listen()));
		all.#publishing = Array.from({ length: publishers }, (_, by) => all.#publish(by));
		return all;
	}

	async #listen() {
		const client = await Client.open(this.#address);
		const answer = await client.wish({ type: '__subscribe', id: 1, topic: TOPIC });
		assert.equal(answer.type, '__subscribed');
		/** @type {Array<Numbered & { seq: number }>} */
		const heard = [];
		client.socket.on('message', (text) => {
			const { seq, data } = JSON.parse(`${text}`);
			heard.push({ seq, ...data });
		});
		this.#clients.push(client);
		this.#heard.push(heard);
	}

	/** @param {number} by */
	async #publish(by) {
		for (let n = 1; !this.#ended; n += 1) {
			this.#outcomes.set(name_of({ by, n }), await this.#say({ by, n }));
			await pause(REST);
		}
	}

	/**
	 * @param {Numbered} message
	 * @returns {Promise<Outcome>}
	 */
	async #say(message) {
		// one that is lost with its worker is not asked of another, as a GET would be
		const bytes = request('POST', `/api/publish/${TOPIC}`, {
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(message)
		});
		const { status, body } = await exchange(this.#address, bytes, { timeout: HANGS });
		if (status === 503) return 'refused';
		if (status === 502) return 'lost';
		assert.equal(status, 200, `${body}`);
		assert.equal(Number(`${body}`), this.#clients.length, 'all peers are there');
		return 'published';
	}

	/** Waits until everybody has heard what was published last. */
	async stop() {
		this.#ended = true;
		await Promise.all(this.#publishing);
		const last = { by: -1, n: 0 };
		do last.n += 1;
		while ((await this.#say(last)) !== 'published');
		this.#outcomes.set(name_of(last), 'published');
		const until = Date.now() + HANGS;
		const has_last = (/** @type {Numbered[]} */ heard) =>
			heard.some((each) => name_of(each) === name_of(last));
		while (!this.#heard.every(has_last)) {
			assert.ok(Date.now() < until, 'what was published has not reached everybody');
			await pause(20);
		}
	}

	/** Says how many there were of each kind, for the one who reads the test's output */
	summary() {
		/** @type {Record<string, number>} */
		const counts = { peers: this.#clients.length };
		for (const outcome of this.#outcomes.values()) counts[outcome] = (counts[outcome] ?? 0) + 1;
		counts['lost, but published'] = this.#heard[0].filter(
			(each) => this.#outcomes.get(name_of(each)) === 'lost'
		).length;
		return counts;
	}

	/**
	 * Everybody is still there and has heard the same: what was published, once and in order. What was
	 * lost with its worker may have been published before.
	 */
	check() {
		for (const { closed } of this.#clients) assert.equal(closed, null, 'a socket was closed');
		const [first, ...others] = this.#heard;
		for (const heard of others) assert.deepEqual(heard, first);
		/** @type {Map<number, number>} */
		const latest = new Map();
		for (const [at, { by, n, seq }] of first.entries()) {
			if (at > 0) assert.equal(seq, first[at - 1].seq + 1, 'a number of the topic is missing');
			const before = latest.get(by) ?? 0;
			assert.ok(n > before, `${n} of publisher ${by} came after ${before}`);
			latest.set(by, n);
		}
		const heard = new Set(first.map(name_of));
		for (const [name, outcome] of this.#outcomes) {
			if (outcome === 'published') assert.ok(heard.has(name), `${name} has reached nobody`);
			if (outcome === 'refused') assert.ok(!heard.has(name), `${name} was refused, and published`);
		}
	}

	/** How they ended. */
	ends() {
		return Promise.all(this.#clients.map((client) => client.end()));
	}

	/** For a test that has failed already */
	[Symbol.dispose]() {
		this.#ended = true;
		for (const { socket } of this.#clients) socket.terminate();
	}
}
