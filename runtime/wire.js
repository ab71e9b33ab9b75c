/**
 * The wire: where things stand in the records that cross between Rust and JS. The other
 * half is `src/dispatch/wire.rs`, whose head describes the layout; the two change together.
 * What is said of peers is described in the head of `src/dispatch/wire/peers.rs`.
 */

export const KIND_REQUEST = 1;
export const KIND_ABORT = 2;
export const KIND_DRAIN = 3;
export const KIND_CHUNK = 4;
export const KIND_END = 5;
export const KIND_BODY_FAILED = 6;
export const KIND_HANGUP = 7;
export const KIND_PING = 8;
export const KIND_PEER_OPEN = 9;
export const KIND_PEER_MESSAGE = 10;
export const KIND_PEER_CLOSE = 11;
export const KIND_PEER_DRAIN = 12;
export const KIND_PEER_SUBSCRIBE = 13;
export const KIND_PEER_REQUEST = 14;
export const KIND_PEER_REPLY = 15;

export const BODY_NONE = 0;
export const BODY_WHOLE = 1;
export const BODY_STREAM = 2;
export const BODY_TOO_LARGE = 3;

export const FLAG_BODY_MASK = 0b0011;
export const FLAG_CANONICAL = 0b0100;
export const FLAG_HTTP10 = 0b1000;
export const FLAG_UPGRADE = 0b0001_0000;
export const FLAG_BAD_HANDSHAKE = 0b0010_0000;
export const FLAG_STREAM = 0b0100_0000;

/** Of a message: it is text. */
export const FLAG_PEER_TEXT = 0b01;
/** Of a message or a request: too long to ride along. */
export const FLAG_PEER_LARGE = 0b10;
/** Of a close: both sides said goodbye. */
export const FLAG_PEER_CLEAN = 0b01;
/** Of a reply: what went wrong. */
export const FLAG_PEER_ERROR = 0b01;
/** Of a reply: the peer has gone. */
export const FLAG_PEER_GONE = 0b10;

export const FAULT_ABORTED = 1;
export const FAULT_TOO_LARGE = 2;

export const REPLY_NULL = 0;
export const REPLY_WHOLE = 1;
export const REPLY_STREAM = 2;

export const PUSH_TAKEN = 0;
export const PUSH_WAIT = 1;
export const PUSH_GONE = 2;
export const PUSH_FULL = 3;

/** Bytes before the text of a request record. */
const REQUEST_HEAD = 48;

/** Bytes before the bytes of a chunk record. */
const CHUNK_HEAD = 20;

/** Bytes before the headers of a reply record. */
export const REPLY_HEAD = 28;

/** The index of a route that the router left to SvelteKit. */
const NO_ROUTE = 0xffffffff;

/**
 * @typedef {{
 *   slot: number;
 *   generation: number;
 *   route: number;
 *   port: number;
 *   canonical: boolean;
 *   http10: boolean;
 *   upgrade: boolean;
 *   stream: boolean;
 *   bad_handshake: boolean;
 *   method: string;
 *   origin: string;
 *   target: string;
 *   address: string;
 *   headers: string;
 *   body_mode: number;
 *   body: Uint8Array | null;
 *   content_length: number;
 * }} RequestRecord
 */

/**
 * Reads a request record. Nothing in the result points into `buffer`, which is reused.
 * @param {Buffer} buffer
 * @param {number} at
 * @returns {RequestRecord}
 */
export function read_request(buffer, at) {
	const flags = buffer[at + 5];
	const text_start = at + REQUEST_HEAD;
	const text_end = text_start + buffer.readUInt32LE(at + 20);
	const text = buffer.latin1Slice(text_start, text_end);

	const origin_start = buffer.readUInt16LE(at + 24);
	const target_start = origin_start + buffer.readUInt16LE(at + 26);
	const address_start = target_start + buffer.readUInt32LE(at + 28);
	const headers_start = address_start + buffer.readUInt16LE(at + 32);
	const body_length = buffer.readUInt32LE(at + 36);
	const route = buffer.readUInt32LE(at + 16);

	return {
		slot: buffer.readUInt32LE(at + 8),
		generation: buffer.readUInt32LE(at + 12),
		route: route === NO_ROUTE ? -1 : route,
		port: buffer.readUInt16LE(at + 6),
		canonical: (flags & FLAG_CANONICAL) !== 0,
		http10: (flags & FLAG_HTTP10) !== 0,
		upgrade: (flags & FLAG_UPGRADE) !== 0,
		stream: (flags & FLAG_STREAM) !== 0,
		bad_handshake: (flags & FLAG_BAD_HANDSHAKE) !== 0,
		method: text.slice(0, origin_start),
		origin: text.slice(origin_start, target_start),
		target: text.slice(target_start, address_start),
		address: text.slice(address_start, headers_start),
		headers: text.slice(headers_start),
		body_mode: flags & FLAG_BODY_MASK,
		body: body_length === 0 ? null : copy(buffer, text_end, body_length),
		content_length: buffer.readDoubleLE(at + 40)
	};
}

/**
 * Reads the bytes of a chunk record.
 * @param {Buffer} buffer
 * @param {number} at
 */
export function read_chunk(buffer, at) {
	return copy(buffer, at + CHUNK_HEAD, buffer.readUInt32LE(at + 16));
}

/**
 * Reads what has to be settled of an event of a peer that says no more.
 * @param {Buffer} buffer
 * @param {number} at
 */
export function read_peer_token(buffer, at) {
	return buffer.readUInt32LE(at + 16);
}

/**
 * Reads a message of a peer. A text that rode along is a string, bytes are a copy.
 * @param {Buffer} buffer
 * @param {number} at
 * @returns {{ token: number, text: boolean, data: string | Uint8Array | null }} `data` is `null`
 * where it did not ride along: it is asked for by the token
 */
export function read_peer_message(buffer, at) {
	const flags = buffer[at + 5];
	const text = (flags & FLAG_PEER_TEXT) !== 0;
	const token = buffer.readUInt32LE(at + 16);
	if ((flags & FLAG_PEER_LARGE) !== 0) return { token, text, data: null };
	const start = at + 24;
	const length = buffer.readUInt32LE(at + 20);
	const data = text ? buffer.utf8Slice(start, start + length) : copy(buffer, start, length);
	return { token, text, data };
}

/**
 * Reads how a peer went.
 * @param {Buffer} buffer
 * @param {number} at
 */
export function read_peer_close(buffer, at) {
	const reason_end = at + 28 + buffer.readUInt16LE(at + 22);
	return {
		token: buffer.readUInt32LE(at + 16),
		code: buffer.readUInt16LE(at + 20),
		clean: (buffer[at + 5] & FLAG_PEER_CLEAN) !== 0,
		reason: buffer.utf8Slice(at + 28, reason_end),
		card: copy(buffer, reason_end, buffer.readUInt32LE(at + 24))
	};
}

/**
 * Reads which topic a peer wants.
 * @param {Buffer} buffer
 * @param {number} at
 */
export function read_peer_subscribe(buffer, at) {
	const end = at + 24 + buffer.readUInt32LE(at + 20);
	return { token: buffer.readUInt32LE(at + 16), topic: buffer.utf8Slice(at + 24, end) };
}

/**
 * Reads what a peer asks for: a JSON text, `null` where it did not ride along.
 * @param {Buffer} buffer
 * @param {number} at
 */
export function read_peer_request(buffer, at) {
	const large = (buffer[at + 5] & FLAG_PEER_LARGE) !== 0;
	const end = at + 28 + buffer.readUInt32LE(at + 24);
	return {
		token: buffer.readUInt32LE(at + 16),
		wish: buffer.readUInt32LE(at + 20),
		data: large ? null : buffer.utf8Slice(at + 28, end)
	};
}

/**
 * Reads what a peer replied: a JSON text, of what went wrong where it is an `error`.
 * @param {Buffer} buffer
 * @param {number} at
 */
export function read_peer_reply(buffer, at) {
	const flags = buffer[at + 5];
	const end = at + 24 + buffer.readUInt32LE(at + 20);
	return {
		request: buffer.readUInt32LE(at + 16),
		error: (flags & FLAG_PEER_ERROR) !== 0,
		gone: (flags & FLAG_PEER_GONE) !== 0,
		data: buffer.utf8Slice(at + 24, end)
	};
}

/**
 * @param {Buffer} buffer
 * @param {number} start
 * @param {number} length
 */
function copy(buffer, start, length) {
	// a plain Uint8Array, as bodies are in the Fetch standard; never a slice of Node's pool
	const bytes = new Uint8Array(length);
	bytes.set(buffer.subarray(start, start + length));
	return bytes;
}

/**
 * Writes everything of a reply but its headers and body.
 * @param {Buffer} buffer
 * @param {number} at
 * @param {{ slot: number, generation: number }} exchange
 * @param {number} mode
 * @param {number} status
 * @param {number} headers_length
 * @param {number} body_length
 * @returns {number} where the record ends
 */
export function write_reply_head(buffer, at, exchange, mode, status, headers_length, body_length) {
	const length = (REPLY_HEAD + headers_length + body_length + 3) & ~3;
	buffer.writeUInt32LE(length, at);
	buffer[at + 4] = 0;
	buffer[at + 5] = mode;
	buffer.writeUInt16LE(0, at + 6);
	buffer.writeUInt32LE(exchange.slot, at + 8);
	buffer.writeUInt32LE(exchange.generation, at + 12);
	buffer.writeUInt16LE(status, at + 16);
	buffer.writeUInt16LE(0, at + 18);
	buffer.writeUInt32LE(headers_length, at + 20);
	buffer.writeUInt32LE(body_length, at + 24);
	return at + length;
}
