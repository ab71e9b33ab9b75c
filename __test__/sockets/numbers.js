/**
 * Numbered messages, by which tests see what gets lost, doubled or out of order: who publishes them,
 * who reads them over as many connections as it takes, who has them echoed.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from './client.js';
import { Stream } from './events.js';

/** @typedef {import('./site.js').AnySite} Site */

export const TOPIC = 'room:numbers';

/** @param {number} count */
export const up_to = (count) => Array.from({ length: count }, (_, index) => index + 1);

/** A peer that takes numbers from the topic, over one connection after the other. */
export class Reader {
	/** @type {number[][]} by who has published them */
	numbers;
	/** Connections that it has had */
	comings = 0;
	#epoch = '';
	#seq = 0;
	#site;
	#target;
	/** @type {Client | undefined} */
	client;

	/**
	 * @param {Site} site
	 * @param {object} [options]
	 * @param {string} [options.target]
	 * @param {number} [options.publishers]
	 */
	constructor(site, { target, publishers = 1 } = {}) {
		this.#site = site;
		this.#target = target;
		this.numbers = Array.from({ length: publishers }, () => []);
	}

	/** Comes, and says what it saw last if it was here before */
	async come() {
		this.comings += 1;
		this.client = await Client.open(this.#site, this.#target);
		const first = this.#epoch === '';
		const answer = await this.#subscribe(this.client);
		assert.equal(answer.type, '__subscribed');
		assert.equal(answer.resumed, first ? null : true);
		this.#epoch = answer.epoch;
		if (first) this.#seq = answer.seq;
		this.client.socket.on('message', (data) => this.#take(`${data}`));
		// what came right behind the answer
		for (const text of this.client.taken()) this.#take(`${text}`);
	}

	/**
	 * Says at another site what it saw last at its own
	 * @param {Site} site
	 */
	async ask_at(site) {
		const client = await Client.open(site, this.#target);
		const answer = await this.#subscribe(client);
		await client.leave();
		return answer;
	}

	/** @param {Client} client */
	#subscribe(client) {
		const since = this.#epoch === '' ? undefined : { epoch: this.#epoch, seq: this.#seq };
		return client.wish({ type: '__subscribe', id: 1, topic: TOPIC, since });
	}

	/** @param {string} text */
	#take(text) {
		// greetings, and marks of the test's own
		if (!text.startsWith(`{"topic":"${TOPIC}"`)) return;
		const { seq, data } = JSON.parse(text);
		assert.ok(seq > this.#seq, `${seq} after ${this.#seq}`);
		this.#seq = seq;
		this.numbers[data.from].push(data.n);
	}

	/** Is gone without a goodbye */
	vanish() {
		this.client?.socket.terminate();
	}
}

/** The same over streams of events, whose ids say how far it has come. */
export class Listener {
	/** @type {number[][]} */
	#numbers;
	#site;
	/** @type {Stream | undefined} */
	stream;

	/**
	 * @param {Site} site
	 * @param {{ publishers?: number }} [options]
	 */
	constructor(site, { publishers = 1 } = {}) {
		this.#site = site;
		this.#numbers = Array.from({ length: publishers }, () => []);
	}

	/** By who has published them */
	get numbers() {
		for (const { data } of this.stream?.taken() ?? []) {
			const { topic, data: number } = JSON.parse(data);
			assert.equal(topic, TOPIC);
			this.#numbers[number.from].push(number.n);
		}
		return this.#numbers;
	}

	/** Comes, and says what it saw last if it was here before */
	async come() {
		const last = this.stream?.last_id;
		const headers = last === undefined ? undefined : { 'last-event-id': last };
		this.stream = await Stream.open(this.#site, `/echo/sse?topic=${TOPIC}`, headers);
		const { resumed } = await this.stream.event('__subscribed');
		assert.equal(resumed, last === undefined ? null : true);
	}

	vanish() {
		// what has come has been seen
		void this.numbers;
		this.stream?.close();
	}
}

/**
 * Publishes 1, 2, … one after the other, until it is told to stop
 * @param {Site} site
 * @param {object} [options]
 * @param {number} [options.from] which of the publishers this is
 * @param {number} [options.least] whom each of them reaches
 * @param {number} [options.rest] between two of them, in milliseconds
 */
export function publishing(site, { from = 0, least = 0, rest = 0 } = {}) {
	let over = false;
	let published = 0;
	const running = (async () => {
		while (!over) {
			const reached = await site.hub('publish', TOPIC, { from, n: published + 1 });
			assert.ok(reached >= least, `${published + 1} of ${from} reaches ${reached}`);
			published += 1;
			if (rest > 0) await pause(rest);
		}
	})();
	return {
		/** How many those are so far */
		get published() {
			return published;
		},
		stop() {
			over = true;
			return running;
		}
	};
}

/**
 * Has numbers echoed, one at a time, until told to stop
 * @param {Site} site
 * @param {() => boolean} done
 * @param {number} lost_after what is not echoed for so long is lost, in milliseconds
 */
export async function talk(site, done, lost_after) {
	const client = await Client.open(site, '/echo');
	const told = { echoed: 0, lost: 0, client };
	/** @type {Promise<string | Buffer | undefined> | null} */
	let next = null;
	for (let n = 0; !done(); n += 1) {
		client.send(`${n}`);
		next ??= client.next();
		const heard = new AbortController();
		const late = pause(lost_after, null, { signal: heard.signal }).catch(() => null);
		const answer = await Promise.race([next, late]);
		heard.abort();
		if (answer === null) {
			told.lost += 1;
			continue;
		}
		assert.equal(answer, `${n}`);
		told.echoed += 1;
		next = null;
	}
	return told;
}
