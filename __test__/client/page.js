/**
 * A page without a browser: a clock that stands until it is told to go on, sockets whose
 * other end the test plays, and the events of a document. What the client takes from
 * `globalThis`, it takes from here.
 */
import { create_client } from '../../client/client.js';

/** Lets promises and microtasks come to rest. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

class Clock {
	#now = 1_000_000;
	#last = 0;
	/** @type {Map<number, { at: number, every?: number, run: () => void }>} */
	#timers = new Map();

	now = () => this.#now;

	/** @param {() => void} run @param {number} delay */
	setTimeout = (run, delay) => {
		this.#timers.set(++this.#last, { at: this.#now + delay, run });
		return this.#last;
	};

	/** @param {() => void} run @param {number} every */
	setInterval = (run, every) => {
		this.#timers.set(++this.#last, { at: this.#now + every, every, run });
		return this.#last;
	};

	/** @param {number} id */
	clear = (id) => void this.#timers.delete(id);

	/** How many timers run. */
	get running() {
		return this.#timers.size;
	}

	/** When the next one is due, in milliseconds from now. */
	get next() {
		return Math.min(...[...this.#timers.values()].map(({ at }) => at)) - this.#now;
	}

	/** @param {number} milliseconds */
	async pass(milliseconds) {
		const end = this.#now + milliseconds;
		for (;;) {
			await settled();
			const due = [...this.#timers].filter(([, { at }]) => at <= end);
			const [first] = due.sort(([a, one], [b, two]) => one.at - two.at || a - b);
			if (!first) break;
			const [id, timer] = first;
			this.#now = timer.at;
			if (timer.every) timer.at += timer.every;
			else this.#timers.delete(id);
			timer.run();
		}
		this.#now = end;
		await settled();
	}
}

/** One end is the client's, the other the test's. */
export class Socket {
	readyState = 0;
	bufferedAmount = 0;
	binaryType = 'blob';
	/** @type {any[]} what came from the client */
	raw = [];
	/** @type {number | undefined} with which code the client closed */
	closed;
	/** @type {(() => void) | undefined} */
	onopen;
	/** @type {((event: { data: unknown }) => void) | undefined} */
	onmessage;
	/** @type {((event: { code: number, reason: string }) => void) | undefined} */
	onclose;

	/** @param {string} url */
	constructor(url) {
		this.url = url;
	}

	/** @param {any} data */
	send(data) {
		if (this.readyState !== 1) throw new Error('sent on a socket that is not open');
		this.raw.push(data);
	}

	/** @param {number} code */
	close(code) {
		this.readyState = 3;
		this.closed = code;
	}

	/** The handshake is done. */
	async accept() {
		this.readyState = 1;
		this.onopen?.();
		await settled();
		return this;
	}

	/** @param {any} data a frame or event, or a text or bytes as they are */
	async say(data) {
		const raw = typeof data === 'string' || data instanceof ArrayBuffer;
		this.onmessage?.({ data: raw ? data : JSON.stringify(data) });
		await settled();
	}

	/** @param {number} [code] @param {string} [reason] */
	async end(code = 1006, reason = '') {
		this.readyState = 3;
		this.onclose?.({ code, reason });
		await settled();
	}

	/** What came from the client as JSON. */
	get sent() {
		const texts = this.raw.filter((data) => typeof data === 'string' && data.startsWith('{'));
		return texts.map((text) => JSON.parse(text));
	}

	/** @param {string} type @returns {any[]} the frames of one type */
	frames(type) {
		return this.sent.filter((frame) => frame.type === type);
	}

	/** Grants the last wish for a topic. @param {string} topic @param {object} [answer] */
	async grant(topic, answer) {
		const { id } = this.frames('__subscribe').findLast((frame) => frame.topic === topic);
		const fresh = { seq: 0, epoch: 'e1', resumed: null };
		await this.say({ type: '__subscribed', id, topic, ...fresh, ...answer });
	}
}

/** @param {{ random?: () => number, href?: string }} [options] */
export function open_page({ random = () => 0.5, href = 'https://app.example/rooms/1' } = {}) {
	const clock = new Clock();
	/** @type {Socket[]} */
	const sockets = [];
	const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
	const target = new EventTarget();
	const page = {
		WebSocket: class extends Socket {
			/** @param {string} url */
			constructor(url) {
				super(url);
				sockets.push(this);
			}
		},
		Date: { now: clock.now },
		Math: { random },
		setTimeout: clock.setTimeout,
		clearTimeout: clock.clear,
		setInterval: clock.setInterval,
		clearInterval: clock.clear,
		location: { href },
		addEventListener: target.addEventListener.bind(target),
		document
	};

	return {
		client: create_client(/** @type {any} */ (page)),
		clock,
		sockets,
		/** The socket of now. */
		get socket() {
			const socket = sockets.at(-1);
			if (!socket) throw new Error('nothing was opened');
			return socket;
		},
		/** @param {'online' | 'pagehide' | 'pageshow'} name */
		async happen(name) {
			target.dispatchEvent(new Event(name));
			await settled();
		},
		/** @param {'visible' | 'hidden'} state */
		async become(state) {
			document.visibilityState = state;
			document.dispatchEvent(new Event('visibilitychange'));
			await settled();
		}
	};
}

/**
 * A page with a connection in use, open
 * @param {Parameters<typeof open_page>[0]} [options]
 */
export async function open_connection(options) {
	const page = open_page(options);
	const stop = page.client.onMessage(() => {});
	await settled();
	await page.socket.accept();
	return { page, stop };
}

/**
 * A page with a topic in use, subscribed
 * @param {string} name
 * @param {Parameters<typeof open_page>[0]} [options]
 */
export async function open_topic(name, options) {
	const page = open_page(options);
	const topic = page.client.topic(name);
	/** @type {any[]} */
	const events = [];
	const stop = topic.on((/** @type {any} */ event) => events.push(event));
	await settled();
	await page.socket.accept();
	await page.socket.grant(name);
	return { page, topic, events, stop };
}

/** @param {string} topic @param {number} seq @param {any} [data] */
export const event = (topic, seq, data = seq) => ({
	topic,
	seq,
	type: 'message',
	data,
	timestamp: 0
});

/** What a store holds, one after another. @param {{ subscribe: Function }} store */
export function values_of(store) {
	/** @type {any[]} */
	const values = [];
	const stop = store.subscribe((/** @type {any} */ value) => values.push(value));
	return { values, stop };
}

/** How each promise stands: its value, its error's code, or `undefined` while it waits. */
export function outcomes(/** @type {Promise<any>[]} */ promises) {
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
