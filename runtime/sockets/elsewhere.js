/**
 * Peers of other processes, for `hub.sendTo`: what is kept with them is fetched in pieces, the function
 * is called here, and those that it chooses are sent to by their ids.
 */
import { native } from '../native.js';
import { Card } from './card.js';
import { Peer } from './peer.js';
import { survey } from './requests.js';
import { prepared } from './sending.js';

/** @import { Options } from './sending.js' */

/** @typedef {{ peers: Array<[number, number, string, string[]]>, next: number | null }} Survey */

/**
 * Goes on after it has returned; what fails then is logged.
 * @param {(peer: import('../../hub.js').Peer) => boolean} predicate
 * @param {unknown} data as it is now
 * @param {Options} [options]
 */
export function send_elsewhere(predicate, data, options) {
	const others = native.hubOthers();
	if (others.length === 0) return;
	const send = prepared(data, options);
	for (const epoch of others) {
		visit(epoch, (peer, address) => {
			if (predicate(peer)) send(address);
		}).catch((error) => {
			// its peers have gone with it
			if (error.code !== 'OXIDE_HUB_GONE') console.error('hub.sendTo failed elsewhere:', error);
		});
	}
}

/**
 * @param {string} epoch
 * @param {(peer: Peer, address: import('./ids.js').Address) => void} visitor
 */
async function visit(epoch, visitor) {
	/** @type {number | null} */
	let next = 0;
	while (next !== null) {
		const found = /** @type {Survey} */ (await survey(epoch, next));
		for (const [slot, generation, card, topics] of found.peers) {
			const far = { epoch, topics };
			visitor(new Peer(slot, generation, new Card(Buffer.from(card, 'hex')), far), {
				slot,
				generation,
				epoch
			});
		}
		next = found.next;
	}
}
