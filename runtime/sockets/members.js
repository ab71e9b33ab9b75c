/**
 * The peers that have their hooks run on this worker. Of one that it sees for the first time, it
 * gets the card: it comes from a handshake here, or from a worker that has left.
 */
import { native } from '../native.js';
import { Card } from './card.js';
import { hooks_at } from './hooks.js';
import { Peer } from './peer.js';
import { disconnect } from './sending.js';

/** @import { Hooks } from './hooks.js' */

/** The path of the peer has gone with a deploy: it is to come again and see (IANA, 1012). */
const SERVICE_RESTART = 1012;

/** @type {Hooks} */
const NONE = Object.freeze({});

export class Member {
	/** It has left the hub: nothing is kept of it any more. */
	gone = false;

	/** Hooks that have begun and not ended. */
	running = 0;

	/**
	 * @param {number} slot
	 * @param {number} generation
	 * @param {Uint8Array} bytes of the card
	 */
	constructor(slot, generation, bytes) {
		this.slot = slot;
		this.generation = generation;
		this.card = new Card(bytes);
		this.peer = new Peer(slot, generation, this.card);
		/** @type {Hooks} */
		this.hooks = hooks_at(this.card.head.pattern) ?? this.#without_hooks();
	}

	#without_hooks() {
		disconnect(this, SERVICE_RESTART);
		return NONE;
	}
}

/** @type {Array<Member | undefined>} by slot */
const members = [];

/**
 * @param {number} slot
 * @param {number} generation
 * @param {Uint8Array} [bytes] of the card, where they are at hand
 * @returns {Member | null} `null`: the hub has it no more, and it has not been here before
 */
export function member_of(slot, generation, bytes) {
	const known = members[slot];
	if (known !== undefined && known.generation === generation) return known;
	const card = bytes ?? native.hubCard(slot, generation);
	if (card === null) return null;
	const member = new Member(slot, generation, card);
	members[slot] = member;
	return member;
}

/** @param {Member} member */
export function forget(member) {
	member.gone = true;
	if (members[member.slot] === member) members[member.slot] = undefined;
}
