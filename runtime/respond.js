/**
 * From a `Response` to a reply. A light response has its body at hand. Of another, a body that is complete by the next macrotask goes out
 * whole, with its length; anything else is a stream whose head leaves then. All responses
 * of a turn share one macrotask.
 */
import { end, fail, push, reply_null, reply_stream, reply_whole } from './reply.js';
import { PUSH_FULL, PUSH_GONE, PUSH_TAKEN, PUSH_WAIT } from './wire.js';

import { LightHeaders } from './web/headers.js';
import { LightResponse } from './web/response.js';

/** @import { Exchange } from './exchange.js' */

const LOCKED =
	'Fatal error: Response body is locked. ' +
	"This can happen when the response was already read (for example through 'response.json()' or 'response.text()').";

/** Chunks collected before a body counts as a stream. */
const MAX_PROBED = 2;

/** @type {Probe[]} */
let probes = [];

/**
 * @param {Exchange} exchange
 * @param {Response} response
 * @param {() => void} done called once the exchange has nothing more to send
 */
export function respond(exchange, response, done) {
	if (LightResponse.is(response)) {
		const body = LightResponse.body(response);
		if (body !== undefined) {
			const headers = LightHeaders.lines(LightResponse.headers(response));
			if (body === null) reply_null(exchange, response.status, headers);
			else reply_whole(exchange, response.status, headers, body);
			return done();
		}
	}
	const headers = header_lines(response.headers);
	const body = response.body;
	if (body === null) {
		reply_null(exchange, response.status, headers);
		done();
	} else if (body.locked) {
		reply_whole(exchange, response.status, headers, LOCKED);
		done();
	} else {
		exchange.reader = body.getReader();
		const probe = new Probe(exchange, response.status, headers);
		if (probes.push(probe) === 1) setImmediate(end_probes);
		void send(probe).finally(done);
	}
}

/** @param {Headers} headers */
function header_lines(headers) {
	let lines = '';
	// `set-cookie` comes once for each cookie, everything else joined
	for (const [name, value] of headers) lines += `${name}\n${value}\n`;
	return lines;
}

function end_probes() {
	const ended = probes;
	probes = [];
	for (const probe of ended) probe.expire();
}

/** A body of which it is not known yet whether it is a stream. */
class Probe {
	/** @type {Uint8Array[]} */
	#chunks = [];
	#decided = false;

	/**
	 * @param {Exchange} exchange
	 * @param {number} status
	 * @param {string} headers
	 */
	constructor(exchange, status, headers) {
		this.exchange = exchange;
		this.status = status;
		this.headers = headers;
	}

	/** The macrotask has come: what is still open is a stream. */
	expire() {
		if (this.#decided) return;
		this.#decided = true;
		reply_stream(this.exchange, this.status, this.headers);
		// together, as all of them must be taken: a queue that has room takes any one chunk
		if (this.#chunks.length > 0) push(this.exchange, Buffer.concat(this.#chunks));
		this.#chunks = [];
	}

	/**
	 * @param {Uint8Array} chunk
	 * @returns {number} one of `PUSH_*`
	 */
	write(chunk) {
		if (this.#decided) return push(this.exchange, chunk);
		this.#chunks.push(chunk);
		if (this.#chunks.length >= MAX_PROBED) this.expire();
		return PUSH_TAKEN;
	}

	end() {
		if (this.#decided) return end(this.exchange);
		this.#decided = true;
		const [first = new Uint8Array(), ...rest] = this.#chunks;
		const body = rest.length === 0 ? first : Buffer.concat(this.#chunks);
		reply_whole(this.exchange, this.status, this.headers, body);
	}

	/** Breaks off; the head goes first, so that the client sees what was begun. */
	fail() {
		this.expire();
		fail(this.exchange);
	}
}

/** @param {Probe} probe */
async function send(probe) {
	const { exchange } = probe;
	const reader = /** @type {ReadableStreamDefaultReader<unknown>} */ (exchange.reader);
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (exchange.gone) return;
			if (done) return probe.end();
			const bytes = as_bytes(value);
			let pushed = probe.write(bytes);
			while (pushed === PUSH_WAIT || pushed === PUSH_FULL) {
				await new Promise((fulfil) => (exchange.resume = () => fulfil(undefined)));
				if (exchange.gone) return;
				pushed = pushed === PUSH_FULL ? probe.write(bytes) : PUSH_TAKEN;
			}
			if (pushed === PUSH_GONE) break;
		}
		await reader.cancel();
	} catch (error) {
		if (exchange.gone) return;
		console.error(
			`The response of ${exchange.record.method} ${exchange.record.target} failed in mid-stream:`,
			error
		);
		probe.fail();
		reader.cancel(error).catch(() => {});
	}
}

/**
 * @param {unknown} value
 * @returns {Uint8Array}
 */
function as_bytes(value) {
	if (value instanceof Uint8Array) return value;
	// Node's response streams take strings too, and so do routes that rely on it
	if (typeof value === 'string') return Buffer.from(value);
	throw new TypeError(
		`A response stream must consist of bytes; received ${value === null ? 'null' : typeof value}`
	);
}
