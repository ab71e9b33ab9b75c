/**
 * What one idle WebSocket costs a server: the growth of its resident memory while many are open,
 * divided by their number. As many have come and gone before, a few hundred at a time, and garbage is
 * collected before each look, so that what handshakes leave behind is not taken for the peers'.
 */

import process from 'node:process';
import { at } from '../../scripts/lib/places.js';
import { Client, hold } from './clients.js';
import { resident, settled, sockets } from './resident.js';

/** @typedef {import('../servers.js').BenchServer} BenchServer */

/** What the peers have sent before they fall silent: in the bench's app `s` is for a topic. */
export const PEER_KINDS = /** @type {const} */ ({ silent: null, subscribed: 's' });

/** Seconds a server is given to come to rest; ours tidies up every ten. */
const REST = 12;

/**
 * What a server's Node is started with: for its garbage to be collected, and for a young generation
 * of a size that does not depend on how many handshakes came at once; that differs by more than all
 * sockets take.
 */
export const NODE_OPTIONS = `--max-semi-space-size=1 --import=${at('benches', 'memory', 'collect.js')}`;

/** @param {number} pid */
async function collected(pid) {
	process.kill(pid, 'SIGUSR2');
	return settled(pid, REST);
}

/** Peers that are open at a time before the measurement. */
const AT_ONCE = 500;

/**
 * @typedef {object} PeersResult
 * @property {string} name
 * @property {keyof typeof PEER_KINDS} kind
 * @property {number} peers
 * @property {number} rss bytes per peer
 * @property {number} anonymous bytes per peer
 * @property {number} before resident bytes without the peers
 * @property {number} after resident bytes some seconds after they have closed
 */

/**
 * @param {BenchServer} server
 * @param {keyof typeof PEER_KINDS} kind
 * @param {number} count
 * @returns {Promise<PeersResult>}
 */
export async function measure_peers({ name, pid, url }, kind, count) {
	const greeting = PEER_KINDS[kind];
	const port = Number(new URL(url).port);
	const warm = new Client();
	try {
		for (let opened = 0; opened < count; opened += AT_ONCE) {
			await warm.peers({ port, source: '127.0.0.1', count: AT_ONCE, greeting });
			await warm.release();
		}
	} finally {
		await warm.end();
	}
	const before = await collected(pid);
	const open_before = sockets(pid);

	const held = await hold(count, (client, part, source) =>
		client.peers({ port, source, count: part, greeting })
	);
	const during = await collected(pid);
	const open = sockets(pid) - open_before;
	await held.end();
	if (open < count) throw new Error(`${name} keeps ${open} of ${count} ${kind} peers`);
	await collected(pid);

	/** @param {'rss' | 'anonymous'} part */
	const each = (part) => (during[part] - before[part]) / count;
	return {
		name,
		kind,
		peers: count,
		rss: each('rss'),
		anonymous: each('anonymous'),
		before: before.rss,
		after: resident(pid).rss
	};
}
