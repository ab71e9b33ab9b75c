/**
 * What happens to peers, as Rust tells it over the wire, and the hook that is called for it.
 */
import { native } from '../native.js';
import {
	KIND_PEER_CLOSE,
	KIND_PEER_DRAIN,
	KIND_PEER_MESSAGE,
	KIND_PEER_OPEN,
	KIND_PEER_REPLY,
	KIND_PEER_REQUEST,
	KIND_PEER_SUBSCRIBE,
	read_peer_close,
	read_peer_message,
	read_peer_reply,
	read_peer_request,
	read_peer_subscribe,
	read_peer_token
} from '../wire.js';
import { call } from './calls.js';
import { json_value } from './data.js';
import { refusal_of } from './errors.js';
import { has_hook } from './hooks.js';
import { forget, member_of } from './members.js';
import { Message } from './message.js';
import { answered } from './requests.js';
import { settle } from './tokens.js';

/** @import { Ending } from './calls.js' */
/** @import { Member } from './members.js' */

/** What a peer is told whose path answers no requests. */
const NO_REQUESTS = 'requests are not answered here';

/**
 * @param {Buffer} buffer
 * @param {number} at
 */
export function peer_event(buffer, at) {
	const kind = buffer[at + 4];
	if (kind === KIND_PEER_REPLY) return answered(read_peer_reply(buffer, at));
	const slot = buffer.readUInt32LE(at + 8);
	const generation = buffer.readUInt32LE(at + 12);
	switch (kind) {
		case KIND_PEER_OPEN:
			return simple('open', slot, generation, read_peer_token(buffer, at));
		case KIND_PEER_DRAIN:
			return simple('drain', slot, generation, read_peer_token(buffer, at));
		case KIND_PEER_MESSAGE:
			return on_message(slot, generation, read_peer_message(buffer, at));
		case KIND_PEER_SUBSCRIBE:
			return on_subscribe(slot, generation, read_peer_subscribe(buffer, at));
		case KIND_PEER_REQUEST:
			return on_request(slot, generation, read_peer_request(buffer, at));
		case KIND_PEER_CLOSE:
			return on_close(slot, generation, read_peer_close(buffer, at));
	}
}

/**
 * @param {'open' | 'drain'} name
 * @param {number} slot
 * @param {number} generation
 * @param {number} token
 */
function simple(name, slot, generation, token) {
	// a card is not fetched for nothing
	const member = has_hook(name) ? member_of(slot, generation) : null;
	if (member === null) settle(token);
	else call(member, name, [], { token });
}

/**
 * What a hook is asked for, if there still is somebody to ask for.
 * @param {number} slot
 * @param {number} generation
 * @param {number} token
 * @returns {Member | null}
 */
function member_or_settle(slot, generation, token) {
	const member = member_of(slot, generation);
	if (member === null) settle(token);
	return member;
}

/**
 * @param {number} slot
 * @param {number} generation
 * @param {ReturnType<typeof read_peer_message>} event
 */
function on_message(slot, generation, { token, text, data }) {
	const member = member_or_settle(slot, generation, token);
	if (member === null) return;
	const raw = data ?? fetch_large(token, text);
	call(member, 'message', [new Message(raw, member.peer)], { token });
}

/**
 * @param {number} token
 * @param {boolean} text
 */
function fetch_large(token, text) {
	// never `null`: the token is not settled
	const bytes = native.peerMessage(token) ?? new Uint8Array();
	if (!text) return bytes;
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).utf8Slice();
}

/**
 * @param {number} slot
 * @param {number} generation
 * @param {ReturnType<typeof read_peer_subscribe>} event
 */
function on_subscribe(slot, generation, { token, topic }) {
	const member = member_or_settle(slot, generation, token);
	if (member === null) return;
	// the answer settles the token
	call(member, 'subscribe', [topic], {
		done(allowed) {
			if (allowed === true) native.peerAllow(token);
			else native.peerRefuse(token, 'not allowed');
		},
		failed: (error) => native.peerRefuse(token, refusal_of(error))
	});
}

/**
 * @param {number} slot
 * @param {number} generation
 * @param {ReturnType<typeof read_peer_request>} event
 */
function on_request(slot, generation, { token, wish, data }) {
	const member = member_or_settle(slot, generation, token);
	if (member === null) return;
	/** @param {object} result */
	const reply = (result) => {
		native.peerReply(token, JSON.stringify({ type: '__reply', id: wish, ...result }));
	};
	const answers = member.hooks.request !== undefined;
	// the answer settles the token
	/** @type {Ending} */
	const ending = {
		done: (value) => reply(answers ? { data: json_value(value) } : { error: NO_REQUESTS }),
		failed: (error) => reply({ error: refusal_of(error) })
	};
	const json = data ?? /** @type {string} */ (fetch_large(token, true));
	call(member, 'request', [JSON.parse(json)], ending);
}

/**
 * The peer has left the hub already, and its card rides along.
 * @param {number} slot
 * @param {number} generation
 * @param {ReturnType<typeof read_peer_close>} event
 */
function on_close(slot, generation, { token, code, reason, clean, card }) {
	const member = /** @type {Member} */ (member_of(slot, generation, card));
	forget(member);
	// hooks that go on after this may still ask whose they are
	member.card.keep(card);
	call(member, 'close', [{ code, reason, wasClean: clean }], { token });
}
