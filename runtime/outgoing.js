/**
 * A response body on its way out. One that is complete by the next macrotask goes whole, with
 * its length; anything else is a stream, whose head leaves then. What a stream writes in one
 * turn of the event loop crosses together: a crossing costs more than the copy.
 *
 * Reading the body is `respond.js`'s; it heeds `waiting` and `gone`.
 */
import { end, fail, push, reply_stream, reply_whole } from './reply.js';
import { PUSH_FULL, PUSH_GONE, PUSH_TAKEN } from './wire.js';

/** @import { Exchange } from './exchange.js' */

/** Chunks collected before a body counts as a stream. */
const MAX_PROBED = 2;

/** Bytes that cross at once, even if more are coming in the same turn. */
const MAX_COLLECTED = 16 * 1024;

/** @type {Outgoing[]} not yet known to be a stream */
let probed = [];

/** @type {Outgoing[]} with chunks of this turn */
let filled = [];

function end_probes() {
	const ended = probed;
	probed = [];
	for (const outgoing of ended) outgoing.expire();
}

function end_turn() {
	const ended = filled;
	filled = [];
	for (const outgoing of ended) outgoing.flush();
}

export class Outgoing {
	/** @type {Uint8Array[]} */
	#chunks = [];
	#bytes = 0;
	/** The head has gone: it is a stream. */
	#begun = false;
	/** Nobody takes more of it. */
	gone = false;
	/** @type {Promise<void> | null} kept when the client has taken enough to go on */
	waiting = null;

	/**
	 * @param {Exchange} exchange
	 * @param {number} status
	 * @param {string} headers `name\nvalue\n` lines
	 */
	constructor(exchange, status, headers) {
		this.exchange = exchange;
		this.status = status;
		this.headers = headers;
		// all responses of a turn share one macrotask
		if (probed.push(this) === 1) setImmediate(end_probes);
	}

	/** The macrotask has come: what is still open is a stream. */
	expire() {
		if (this.#begun || this.gone) return;
		this.#begun = true;
		reply_stream(this.exchange, this.status, this.headers);
		this.flush();
	}

	/**
	 * Only after `waiting`.
	 * @param {Uint8Array} chunk
	 */
	write(chunk) {
		if (this.#begun && chunk.byteLength === 0) return;
		this.#bytes += chunk.byteLength;
		const count = this.#chunks.push(chunk);
		if (!this.#begun) {
			if (count >= MAX_PROBED) this.expire();
		} else if (this.#bytes >= MAX_COLLECTED) {
			this.flush();
		} else if (count === 1 && filled.push(this) === 1) {
			// after the microtasks, and so after every chunk that is only a promise away
			process.nextTick(end_turn);
		}
	}

	/** Hands over what has been collected. */
	flush() {
		const chunks = this.#chunks;
		if (chunks.length === 0 || this.waiting !== null) return;
		const pushed = push(
			this.exchange,
			chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, this.#bytes)
		);
		if (pushed !== PUSH_FULL) {
			this.#chunks = [];
			this.#bytes = 0;
		}
		if (pushed === PUSH_GONE) this.gone = true;
		else if (pushed !== PUSH_TAKEN) this.#wait();
	}

	#wait() {
		this.waiting = new Promise((fulfil) => {
			this.exchange.resume = () => {
				this.waiting = null;
				this.flush();
				fulfil();
			};
		});
	}

	/** Complete. Only after `waiting`. */
	end() {
		if (this.#begun) {
			this.flush();
			return end(this.exchange);
		}
		this.gone = true;
		const [first = new Uint8Array(), ...rest] = this.#chunks;
		const body = rest.length === 0 ? first : Buffer.concat(this.#chunks);
		reply_whole(this.exchange, this.status, this.headers, body);
	}

	/** Breaks off; the head and what was written go first, so that the client sees what was begun. */
	fail() {
		this.expire();
		this.flush();
		fail(this.exchange);
	}
}
