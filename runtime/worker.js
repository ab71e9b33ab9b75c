/**
 * A worker, whichever thread it is in: takes what Rust has queued, a batch a turn, runs `Server.respond` and sends
 * the replies back. A turn is bounded, so that the timers and I/O of the user's code keep
 * their place under load.
 */
import { client_address } from './address.js';
import { kit, server } from './app.js';
import { arrive } from './arrival.js';
import { Exchange } from './exchange.js';
import { native } from './native.js';
import { check_origin } from './origins.js';
import { create_platform } from './platform.js';
import { prepare, reply_whole, slow, turn_begins, turn_has } from './reply.js';
import { respond } from './respond.js';
import { peer_event } from './sockets/events.js';
import { Accepted, begin_stream, shake_hands } from './sockets/handshake.js';
import { give_back } from './sockets/tokens.js';
import { enter, leave, this_worker } from './this-worker.js';
import { report } from './vitals.js';
import {
	KIND_ABORT,
	KIND_BODY_FAILED,
	KIND_CHUNK,
	KIND_DRAIN,
	KIND_END,
	KIND_HANGUP,
	KIND_PEER_OPEN,
	KIND_PING,
	KIND_REQUEST,
	read_chunk,
	read_request
} from './wire.js';

/**
 * Events taken in one turn. SvelteKit 2 changes module state around an await while it renders,
 * and relies on no other request beginning before that has gone on: one in each macrotask there.
 */
let batch = 16;

const TEXT = 'content-type\ntext/plain;charset=utf-8\n';

/** Methods that `Request` refuses to carry (https://fetch.spec.whatwg.org/#forbidden-method). */
const forbidden_method = /^(?:connect|trace|track)$/i;

/** @type {Array<Exchange | undefined>} by slot */
const exchanges = [];

/** What `drain` fills. */
let buffer = Buffer.alloc(0);

function turn() {
	const result = native.drain(buffer, slow ? 1 : batch);
	const more = result >= native.MORE;
	const length = more ? result - native.MORE : result;
	// asked for before user code runs, so that an exception there cannot lose the rest
	if (more) setImmediate(turn);
	turn_begins();
	let requests = 0;
	for (let at = 0; at < length; at += buffer.readUInt32LE(at)) {
		if (buffer[at + 4] === KIND_REQUEST) requests += 1;
		dispatch(at);
	}
	if (requests !== 0) turn_has(requests);
	give_back();
}

/** @param {number} at */
function dispatch(at) {
	const kind = buffer[at + 4];
	if (kind === KIND_REQUEST) return begin(at);
	if (kind >= KIND_PEER_OPEN) return peer_event(buffer, at);
	if (kind === KIND_PING) return report();
	const exchange = exchanges[buffer.readUInt32LE(at + 8)];
	// events may speak of an exchange that has ended here meanwhile
	if (exchange === undefined || exchange.generation !== buffer.readUInt32LE(at + 12)) return;
	switch (kind) {
		case KIND_ABORT:
			forget(exchange);
			return exchange.abort();
		case KIND_HANGUP:
			return exchange.hang_up();
		case KIND_DRAIN:
			return exchange.drained();
		case KIND_CHUNK:
			return exchange.body?.push(read_chunk(buffer, at));
		case KIND_END:
			return exchange.body?.end();
		case KIND_BODY_FAILED:
			return exchange.body?.fail(buffer[at + 5]);
	}
}

/** @param {Exchange} exchange */
function forget(exchange) {
	if (exchanges[exchange.slot] === exchange) exchanges[exchange.slot] = undefined;
}

/** @param {number} at */
function begin(at) {
	const record = arrive(read_request(buffer, at));
	const origin = check_origin(record.origin);
	const exchange = new Exchange(record, origin?.canonical ?? null);
	const request =
		origin === null || forbidden_method.test(record.method) ? null : request_of(exchange);
	if (request === null) return reply_whole(exchange, 400, TEXT, 'Bad Request');
	exchanges[exchange.slot] = exchange;
	enter(exchange);
	const rendered = record.upgrade
		? shake_hands(record, request, () => render(exchange, request))
		: record.stream
			? begin_stream(record, request, () => render(exchange, request))
			: render(exchange, request);
	leave();
	rendered.then(
		(response) => answer(exchange, response),
		(error) => refuse(exchange, error)
	);
}

/**
 * @param {Exchange} exchange
 * @returns {Request | null} `null`: what the client sent makes no request
 */
function request_of(exchange) {
	try {
		return exchange.request();
	} catch {
		return null;
	}
}

/**
 * @param {Exchange} exchange
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function render({ record }, request) {
	return server.respond(request, {
		platform: create_platform(record),
		getClientAddress: () =>
			client_address((name) => request.headers.get(name), record.address || undefined)
	});
}

/**
 * @param {Exchange} exchange
 * @param {Response | Accepted} response
 */
function answer(exchange, response) {
	if (response instanceof Accepted) return admit(exchange, response);
	if (exchange.gone) {
		// nobody reads it, but what produces it should know
		if (response.body !== null && !response.body.locked) response.body.cancel().catch(() => {});
		return;
	}
	try {
		respond(exchange, response, () => finish(exchange));
	} catch (error) {
		refuse(exchange, error);
	}
}

/**
 * Rust makes a peer of it, which is told by an event of its own.
 * @param {Exchange} exchange
 * @param {Accepted} accepted
 */
function admit(exchange, { headers, admission }) {
	if (exchange.gone) return;
	reply_whole(exchange, 101, headers, admission);
	finish(exchange);
}

/** @param {Exchange} exchange */
function finish(exchange) {
	forget(exchange);
	// what was not read will not come any more; a reader sees a clean end
	exchange.body?.end();
}

/**
 * SvelteKit answers errors of routes itself; what arrives here is a bug below it, or
 * something returned that is not a `Response`.
 * @param {Exchange} exchange
 * @param {unknown} error
 */
function refuse(exchange, error) {
	if (exchange.gone) return;
	console.error(`${exchange.record.method} ${exchange.record.target} failed:`, error);
	reply_whole(exchange, 500, TEXT, 'Internal Server Error');
	finish(exchange);
}

/** Nobody hears of what is still being worked on here: the server has closed. */
export function abandon() {
	for (const exchange of exchanges.splice(0)) exchange?.abort();
}

/** From here on, exchanges come to this thread. */
export function attach() {
	if (kit === 2) batch = 1;
	buffer = Buffer.allocUnsafeSlow(native.WIRE_BUFFER_SIZE);
	prepare();
	native.attach(turn, this_worker.id);
}
