/**
 * The hub as the app sees it: `event.platform.hub`, and `hub` of `svelte-adapter-oxide/hub`. There is
 * one for each thread, all in front of the process's one hub in Rust, so that whoever asks gets the
 * same answer.
 */
import { native } from '../native.js';
import { Card } from './card.js';
import { send_elsewhere } from './elsewhere.js';
import { parse_id } from './ids.js';
import { Peer } from './peer.js';
import { ask } from './requests.js';
import { broadcast, disconnect, publish, send } from './sending.js';

/** @import { Options } from './sending.js' */

/** By this symbol, `hub.js` of the package finds it. */
const HUB = Symbol.for('svelte-adapter-oxide.hub');

/** @param {string} id */
const is_gone = (id) =>
	Object.assign(new Error(`There is no peer ${id}`), { code: 'OXIDE_HUB_GONE' });

/**
 * Peers by slot and generation in turn.
 * @param {Uint32Array} pairs
 */
function peers_of(pairs) {
	return Array.from(
		{ length: pairs.length / 2 },
		(_, at) => new Peer(pairs[2 * at], pairs[2 * at + 1], null)
	);
}

/**
 * Functions, and no methods: they may be taken off it.
 * @type {import('../../hub.js').Hub}
 */
export const hub = Object.freeze({
	/**
	 * @param {string} topic
	 * @param {unknown} data
	 * @param {Options} [options]
	 */
	publish: (topic, data, options) => publish(topic, data, options),

	/**
	 * @param {unknown} data
	 * @param {Options} [options]
	 */
	broadcast: (data, options) => broadcast(data, options),

	/**
	 * @param {string} id
	 * @param {unknown} data
	 * @param {Options} [options]
	 */
	send(id, data, options) {
		const address = parse_id(id);
		return address !== null && send(address, data, options);
	},

	/**
	 * @param {(peer: import('../../hub.js').Peer) => boolean} predicate
	 * @param {unknown} data
	 * @param {Options} [options]
	 */
	sendTo(predicate, data, options) {
		let count = 0;
		for (const peer of hub.peers()) {
			if (predicate(peer) && peer.send(data, options)) count += 1;
		}
		send_elsewhere(predicate, data, options);
		return count;
	},

	/**
	 * @param {string} id
	 * @param {number} [code]
	 * @param {string} [reason]
	 */
	disconnect(id, code, reason) {
		const address = parse_id(id);
		return address !== null && disconnect(address, code, reason);
	},

	peers: () => peers_of(native.hubPeers()),

	/** @param {string} id */
	peer(id) {
		const address = parse_id(id);
		// one of another process is known there
		if (address === null || address.epoch !== undefined) return undefined;
		const card = native.hubCard(address.slot, address.generation);
		if (card === null) return undefined;
		return new Peer(address.slot, address.generation, new Card(card));
	},

	/** @param {string} [topic] */
	count: (topic) => (topic === undefined ? native.hubOpen() : native.hubCount(topic)),

	/** @param {string} topic */
	position: (topic) => JSON.parse(native.hubPosition(topic)),

	/** @param {string} topic */
	subscribers: (topic) => peers_of(native.hubSubscribers(topic)),

	/** @param {string} topic */
	presence: (topic) => JSON.parse(native.hubPresence(topic)).users,

	/**
	 * @param {string} id
	 * @param {unknown} data
	 * @param {{ timeout?: number }} [options]
	 * @returns {Promise<any>}
	 */
	async request(id, data, options) {
		const address = parse_id(id);
		if (address === null) throw is_gone(id);
		return ask(address, data, options);
	}
});

/** Lets modules of the app find it, however many copies of `svelte-adapter-oxide/hub` there are. */
export function install_hub() {
	Object.defineProperty(globalThis, HUB, { value: hub, configurable: true });
}
