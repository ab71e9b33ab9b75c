/**
 * What happens to peers, as Rust tells it over the wire, and the hook that is called for it. The
 * layout of the records is described in `src/dispatch/wire.rs`.
 */
import { native } from '../native.js';
import {
	KIND_PEER_CLOSE,
	KIND_PEER_DRAIN,
	KIND_PEER_MESSAGE,
	KIND_PEER_OPEN,
	KIND_PEER_REPLY,
	KIND_PEER_REQUEST,
	KIND_PEER_SUBSCRIBE
} from '../wire.js';
import { call } from './calls.js';
import { json_value } from './data.js';
import { refusal_of } from './errors.js';
import { has_hook } from './hooks.js';
import { forget, member_of } from './members.js';
import { Message } from './message.js';
import { answered } from './requests.js';

/** @import { Ending } from './calls.js' */
/** @import { Member } from './members.js' */

const IS_TEXT = 0b01;
/** The bytes are to be fetched. */
const IS_LARGE = 0b10;
const IS_CLEAN = 0b01;
const IS_ERROR = 0b01;
const IS_GONE = 0b10;

/**
 * Events of peers that have gone before this worker saw them: their cards come with their end, and
 * with them the hooks.
 * @type {Map<string, Array<(member: Member) => void>>}
 */
const waiting = new Map();

/**
 * @param {Buffer} buffer
 * @param {number} at
 */
export function peer_event(buffer, at) {
	switch (buffer[at + 4]) {
		case KIND_PEER_OPEN:
			if (has_hook('open')) deliver(buffer, at, (member) => call(member, 'open', [], {}));
			return;
		case KIND_PEER_DRAIN:
			if (has_hook('drain')) deliver(buffer, at, (member) => call(member, 'drain', [], {}));
			return;
		case KIND_PEER_MESSAGE:
			return on_message(buffer, at);
		case KIND_PEER_SUBSCRIBE:
			return on_subscribe(buffer, at);
		case KIND_PEER_REQUEST:
			return on_request(buffer, at);
		case KIND_PEER_CLOSE:
			return on_close(buffer, at);
		case KIND_PEER_REPLY:
			return on_reply(buffer, at);
	}
}

/**
 * @param {Buffer} buffer
 * @param {number} at
 * @param {(member: Member) => void} event
 */
function deliver(buffer, at, event) {
	const slot = buffer.readUInt32LE(at + 8);
	const generation = buffer.readUInt32LE(at + 12);
	const member = member_of(slot, generation);
	if (member !== null) return event(member);
	const key = `${slot} ${generation}`;
	const events = waiting.get(key);
	if (events === undefined) waiting.set(key, [event]);
	else events.push(event);
}

/**
 * Text that rides along at `start`, or is to be fetched by the token.
 * @param {Buffer} buffer
 * @param {number} start
 * @param {number} length
 * @param {number | null} token `null`: it rides along
 */
function read_text(buffer, start, length, token) {
	if (token === null) return buffer.utf8Slice(start, start + length);
	return Buffer.from(native.peerMessage(token)).utf8Slice();
}

/**
 * @param {Buffer} buffer
 * @param {number} at
 */
function on_message(buffer, at) {
	const flags = buffer[at + 5];
	const token = buffer.readUInt32LE(at + 16);
	const length = buffer.readUInt32LE(at + 20);
	const is_large = (flags & IS_LARGE) !== 0;
	/** @type {string | Uint8Array} */
	let raw;
	if ((flags & IS_TEXT) !== 0) {
		raw = read_text(buffer, at + 24, length, is_large ? token : null);
	} else if (is_large) {
		raw = native.peerMessage(token);
	} else {
		raw = new Uint8Array(length);
		raw.set(buffer.subarray(at + 24, at + 24 + length));
	}
	deliver(buffer, at, (member) =>
		call(member, 'message', [new Message(raw, member.peer)], { token })
	);
}

/**
 * @param {Buffer} buffer
 * @param {number} at
 */
function on_subscribe(buffer, at) {
	const token = buffer.readUInt32LE(at + 16);
	const topic = read_text(buffer, at + 24, buffer.readUInt32LE(at + 20), null);
	// the answer settles the token
	deliver(buffer, at, (member) =>
		call(member, 'subscribe', [topic], {
			done(allowed) {
				if (allowed === true) native.peerAllow(token);
				else native.peerRefuse(token, 'not allowed');
			},
			failed: (error) => native.peerRefuse(token, refusal_of(error))
		})
	);
}

/**
 * @param {Buffer} buffer
 * @param {number} at
 */
function on_request(buffer, at) {
	const token = buffer.readUInt32LE(at + 16);
	const id = buffer.readUInt32LE(at + 20);
	const length = buffer.readUInt32LE(at + 24);
	const is_large = (buffer[at + 5] & IS_LARGE) !== 0;
	const data = JSON.parse(read_text(buffer, at + 28, length, is_large ? token : null));
	deliver(buffer, at, (member) => {
		const { slot, generation } = member;
		/** @param {object} result */
		const reply = (result) => {
			native.hubSendText(slot, generation, JSON.stringify({ type: '__reply', id, ...result }));
		};
		/** @type {Ending} */
		const ending = {
			token,
			done: (value) => reply({ data: json_value(value) }),
			failed: (error) => reply({ error: refusal_of(error) })
		};
		if (member.hooks.request === undefined) {
			ending.done = () => reply({ error: 'requests are not answered here' });
		}
		call(member, 'request', [data], ending);
	});
}

/**
 * The peer has left the hub already, and its card rides along.
 * @param {Buffer} buffer
 * @param {number} at
 */
function on_close(buffer, at) {
	const slot = buffer.readUInt32LE(at + 8);
	const generation = buffer.readUInt32LE(at + 12);
	const token = buffer.readUInt32LE(at + 16);
	const code = buffer.readUInt16LE(at + 20);
	const reason_end = at + 28 + buffer.readUInt16LE(at + 22);
	const reason = buffer.utf8Slice(at + 28, reason_end);
	const wasClean = (buffer[at + 5] & IS_CLEAN) !== 0;
	// the buffer is filled again
	const card = Uint8Array.from(
		buffer.subarray(reason_end, reason_end + buffer.readUInt32LE(at + 24))
	);
	const member = /** @type {Member} */ (member_of(slot, generation, card));
	forget(member);
	const key = `${slot} ${generation}`;
	for (const event of waiting.get(key) ?? []) event(member);
	waiting.delete(key);
	call(member, 'close', [{ code, reason, wasClean }], { token });
}

/**
 * @param {Buffer} buffer
 * @param {number} at
 */
function on_reply(buffer, at) {
	const flags = buffer[at + 5];
	const id = buffer.readUInt32LE(at + 16);
	const json = read_text(buffer, at + 24, buffer.readUInt32LE(at + 20), null);
	answered(id, json, { is_error: (flags & IS_ERROR) !== 0, is_gone: (flags & IS_GONE) !== 0 });
}
