/**
 * The peers that have their hooks run on this worker. Of one that it sees for the first time, it
 * gets the card: it comes from a handshake here, or from a worker that has left.
 */
import { native } from '../native.js';
import { Card, pattern_of } from './card.js';
import { hooks_at } from './hooks.js';
import { Peer } from './peer.js';
import { disconnect } from './sending.js';

/** @import { Hooks } from './hooks.js' */

/** The path of the peer has gone with a deploy: it is to come again and see (IANA, 1012). */
const SERVICE_RESTART = 1012;

/** @type {Hooks} */
const NONE = Object.freeze({});

/** Counts the hubs of this process: development has one after another. */
let era = 0;

export class Member {
	/** It has left the hub: nothing is kept of it any more. */
	gone = false;

	/** Hooks that have begun and not ended. */
	running = 0;

	/** The hub it belongs to. */
	#era = era;

	/** Another that has or had the same slot. @type {Member | undefined} */
	next = undefined;

	/**
	 * @param {number} slot
	 * @param {number} generation
	 * @param {Uint8Array} bytes of the card
	 */
	constructor(slot, generation, bytes) {
		this.slot = slot;
		this.generation = generation;
		this.card = new Card(null, this);
		this.peer = new Peer(slot, generation, this.card);
		/** @type {Hooks} */
		this.hooks = hooks_at(pattern_of(bytes)) ?? this.#without_hooks();
	}

	/** The hub keeps it for all workers. */
	read_card() {
		return native.hubCard(this.slot, this.generation);
	}

	/** Nobody is left to hear of it: its hub has closed while a hook ran. */
	get lost() {
		return this.#era !== era;
	}

	/** Runs what its path leads to now. */
	renew() {
		this.hooks = hooks_at(this.card.head.pattern) ?? this.#without_hooks();
	}

	#without_hooks() {
		disconnect(this, SERVICE_RESTART);
		return NONE;
	}
}

/**
 * Members by slot and generation. What is last heard of a peer may have waited for a worker that has
 * the slot's next peer already, so both may be here for a while.
 * @template {{ slot: number, generation: number, next: T | undefined }} T
 */
export class Slots {
	/** @type {Array<T | undefined>} */
	#first = [];

	/**
	 * @param {number} slot
	 * @param {number} generation
	 * @returns {T | undefined}
	 */
	find(slot, generation) {
		let member = this.#first[slot];
		while (member !== undefined && member.generation !== generation) member = member.next;
		return member;
	}

	/** @param {T} member that is not here */
	add(member) {
		member.next = this.#first[member.slot];
		this.#first[member.slot] = member;
	}

	*[Symbol.iterator]() {
		for (let member of this.#first) {
			for (; member !== undefined; member = member.next) yield member;
		}
	}

	/** @param {T} member */
	remove(member) {
		const { slot, next } = member;
		let before = this.#first[slot];
		if (before === member) this.#first[slot] = next;
		else {
			while (before !== undefined && before.next !== member) before = before.next;
			if (before !== undefined) before.next = next;
		}
		member.next = undefined;
	}
}

/** @type {Slots<Member>} */
let members = new Slots();

/**
 * @param {number} slot
 * @param {number} generation
 * @param {Uint8Array} [bytes] of the card, where they are at hand
 * @returns {Member | null} `null`: the hub has it no more, and it has not been here before
 */
export function member_of(slot, generation, bytes) {
	const known = members.find(slot, generation);
	if (known !== undefined) return known;
	const card = bytes ?? native.hubCard(slot, generation);
	if (card === null) return null;
	const member = new Member(slot, generation, card);
	members.add(member);
	return member;
}

/** @param {Member} member */
export function forget(member) {
	member.gone = true;
	members.remove(member);
}

/** Lets all of them run the hooks that are there now. */
export function renew_all() {
	for (const member of [...members]) member.renew();
}

/** The hub has closed. */
export function lose_all() {
	era += 1;
	members = new Slots();
}
