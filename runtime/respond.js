/**
 * From a `Response` to a reply. A light response has its body at hand; that of another is read
 * here, at the pace that `outgoing.js` sets.
 */
import { Outgoing } from './outgoing.js';
import { reply_null, reply_whole } from './reply.js';
import { LightHeaders } from './web/headers.js';
import { LightResponse } from './web/response.js';

/** @import { Exchange } from './exchange.js' */

const LOCKED =
	'Fatal error: Response body is locked. ' +
	"This can happen when the response was already read (for example through 'response.json()' or 'response.text()').";

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
		void send(exchange, new Outgoing(exchange, response.status, headers)).finally(done);
	}
}

/** @param {Headers} headers */
function header_lines(headers) {
	let lines = '';
	// `set-cookie` comes once for each cookie, everything else joined
	for (const [name, value] of headers) lines += `${name}\n${value}\n`;
	return lines;
}

/**
 * @param {Exchange} exchange
 * @param {Outgoing} outgoing
 */
async function send(exchange, outgoing) {
	const reader = /** @type {ReadableStreamDefaultReader<unknown>} */ (exchange.reader);
	try {
		while (!outgoing.gone) {
			while (outgoing.waiting !== null) await outgoing.waiting;
			const { done, value } = await reader.read();
			// the turn that ended meanwhile may have filled the queue
			while (outgoing.waiting !== null) await outgoing.waiting;
			if (exchange.gone) return;
			if (done) return outgoing.end();
			outgoing.write(as_bytes(value));
		}
		await reader.cancel();
	} catch (error) {
		if (exchange.gone) return;
		console.error(
			`The response of ${exchange.record.method} ${exchange.record.target} failed in mid-stream:`,
			error
		);
		outgoing.fail();
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
