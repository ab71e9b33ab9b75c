/**
 * Replies on their way to Rust. Small ones are collected in one buffer and handed over
 * together; streams go chunk by chunk at the client's pace.
 */
import { without } from './header-lines.js';
import { native } from './native.js';
import { text_encoder } from './text.js';
import {
	PUSH_GONE,
	REPLY_HEAD,
	REPLY_NULL,
	REPLY_STREAM,
	REPLY_WHOLE,
	write_reply_head
} from './wire.js';

/** @import { Exchange } from './exchange.js' */

const BUFFER_SIZE = 1024 * 1024;

/** Bodies up to this size travel in the buffer; larger ones are pushed on their own. */
const MAX_INLINE = 256 * 1024;

/** So many replies are handed over at once even when more are coming. */
const MAX_COLLECTED = 8;

/**
 * A reply that took so many milliseconds to make is handed over at once: those that are being made
 * beside it may take as long, and its client would wait for all of them.
 */
const SLOW = 1;

/** @type {ReturnType<typeof text_encoder>['write']} */
let write_text;

/** What is handed over. */
let buffer = Buffer.alloc(0);
let length = 0;
let collected = 0;
let scheduled = false;
/** When the turn began. */
let began = 0;
/** Requests that it has begun with, until the first of them is answered. */
let fresh = 0;
/** When the turn began, or the reply before was made. */
let before = 0;

/**
 * Whether requests take long enough for each to have a turn of its own. Those of one turn are
 * worked on by turns, so that the first is answered when almost all of them are.
 */
export let slow = false;

/** Has to come before the first reply. */
export function prepare() {
	write_text = text_encoder(native).write;
	// its own memory, not a slice of Node's pool: it lives as long as the thread
	buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
}

export function flush() {
	if (length === 0) return;
	const filled = length;
	length = 0;
	collected = 0;
	native.flush(buffer, filled);
}

function on_immediate() {
	scheduled = false;
	flush();
}

export function turn_begins() {
	began = before = performance.now();
}

/** @param {number} requests that it has begun with */
export function turn_has(requests) {
	fresh = requests;
}

function collect() {
	const now = performance.now();
	if (fresh !== 0) {
		slow = now - began > SLOW * fresh;
		fresh = 0;
	}
	const late = now - before > SLOW;
	before = now;
	collected += 1;
	if (late || collected >= MAX_COLLECTED) {
		flush();
	} else if (!scheduled) {
		scheduled = true;
		setImmediate(on_immediate);
	}
}

/**
 * Makes room for a record of at most `size` bytes.
 * @param {number} size
 */
function reserve(size) {
	if (length + size > BUFFER_SIZE) flush();
}

/**
 * Writes header lines that `reserve` made room for.
 * @param {string} headers
 */
function put_headers(headers) {
	return buffer.latin1Write(headers, length + REPLY_HEAD);
}

/**
 * A reply without a body.
 * @param {Exchange} exchange
 * @param {number} status
 * @param {string} headers `name\nvalue\n` lines
 */
export function reply_null(exchange, status, headers) {
	reply_head(exchange, REPLY_NULL, status, headers);
}

/**
 * @param {Exchange} exchange
 * @param {number} mode
 * @param {number} status
 * @param {string} headers
 */
function reply_head(exchange, mode, status, headers) {
	if (headers.length > MAX_INLINE) return refuse_headers(exchange);
	reserve(REPLY_HEAD + headers.length + 4);
	const size = put_headers(headers);
	length = write_reply_head(buffer, length, exchange, mode, status, size, 0);
	collect();
}

/**
 * A reply with all of its body.
 * @param {Exchange} exchange
 * @param {number} status
 * @param {string} headers
 * @param {string | Uint8Array} body
 */
export function reply_whole(exchange, status, headers, body) {
	if (headers.length > MAX_INLINE) return refuse_headers(exchange);
	const bound = typeof body === 'string' ? body.length * 3 : body.byteLength;
	if (bound > MAX_INLINE) return reply_large(exchange, status, headers, body);
	reserve(REPLY_HEAD + headers.length + bound + 4);
	const size = put_headers(headers);
	const at = length + REPLY_HEAD + size;
	let body_size;
	if (typeof body === 'string') {
		body_size = write_text(body, buffer, at);
	} else {
		buffer.set(body, at);
		body_size = body.byteLength;
	}
	length = write_reply_head(buffer, length, exchange, REPLY_WHOLE, status, size, body_size);
	collect();
}

/**
 * @param {Exchange} exchange
 * @param {number} status
 * @param {string} headers
 * @param {string | Uint8Array} body
 */
function reply_large(exchange, status, headers, body) {
	const bytes = typeof body === 'string' ? Buffer.from(body) : body;
	// its length is known although it travels as a stream; a length the route gave would
	// stand twice, and may be wrong
	const lines = without(headers, 'content-length');
	reply_stream(exchange, status, `${lines}content-length\n${bytes.byteLength}\n`);
	push(exchange, bytes);
	native.end(exchange.slot, exchange.generation);
}

/**
 * The head of a reply whose body follows by `push`.
 * @param {Exchange} exchange
 * @param {number} status
 * @param {string} headers
 */
export function reply_stream(exchange, status, headers) {
	reply_head(exchange, REPLY_STREAM, status, headers);
}

/**
 * @param {Exchange} exchange
 * @param {Uint8Array} chunk
 * @returns {number} one of `PUSH_*`
 */
export function push(exchange, chunk) {
	if (exchange.gone) return PUSH_GONE;
	// the head must be there before its first chunk
	if (length !== 0) flush();
	return native.push(exchange.slot, exchange.generation, chunk);
}

/** @param {Exchange} exchange */
export function end(exchange) {
	if (exchange.gone) return;
	if (length !== 0) flush();
	native.end(exchange.slot, exchange.generation);
}

/** @param {Exchange} exchange */
export function fail(exchange) {
	if (exchange.gone) return;
	if (length !== 0) flush();
	native.fail(exchange.slot, exchange.generation);
}

/** @param {Exchange} exchange */
function refuse_headers(exchange) {
	console.error(
		`The response headers of ${exchange.record.method} ${exchange.record.target} are larger than ${MAX_INLINE} bytes`
	);
	reply_whole(
		exchange,
		500,
		'content-type\ntext/plain;charset=utf-8\n',
		'Response headers are too large'
	);
}
