/**
 * What one idle keep-alive connection costs a server: the growth of its resident memory
 * while many are open, divided by their number. The same number of requests has gone over
 * few connections before, so that what the requests themselves leave behind in a heap is
 * not taken for the connections'.
 */

import { Client, hold } from './clients.js';
import { resident, settled, sockets } from './resident.js';

/** @typedef {import('../servers.js').BenchServer} BenchServer */

/** What the connections have done before they fall silent. */
export const IDLE_KINDS = /** @type {const} */ ({
	static: '/grid.css',
	dynamic: '/',
	silent: null
});

/** Seconds a server is given to come to rest; ours tidies up every ten. */
const REST = 12;

/**
 * @typedef {object} IdleResult
 * @property {keyof typeof IDLE_KINDS} kind
 * @property {number} connections
 * @property {number} rss bytes per connection
 * @property {number} pss bytes per connection
 * @property {number} anonymous bytes per connection
 * @property {number} before resident bytes without the connections
 * @property {number} after resident bytes some seconds after they have closed
 */

/**
 * @param {BenchServer} server
 * @param {keyof typeof IDLE_KINDS} kind
 * @param {number} count
 * @returns {Promise<IdleResult>}
 */
export async function measure_idle({ name, pid, url }, kind, count) {
	const path = IDLE_KINDS[kind];
	const port = Number(new URL(url).port);
	const warm = new Client();
	try {
		const order = { port, rate: 2000, requests: count, connections: 50, rough: false };
		await warm.mix({ ...order, path: path ?? IDLE_KINDS.static });
	} finally {
		await warm.end();
	}
	const before = await settled(pid, REST);
	const open_before = sockets(pid);

	const held = await hold(count, (client, part, source) =>
		client.order({ type: 'hold', port, source, count: part, path })
	);
	const during = await settled(pid, REST);
	const open = sockets(pid) - open_before;
	await held.end();
	if (open < count) throw new Error(`${name} keeps ${open} of ${count} ${kind} connections`);
	await settled(pid, REST);

	/** @param {'rss' | 'pss' | 'anonymous'} part */
	const each = (part) => (during[part] - before[part]) / count;
	return {
		kind,
		connections: count,
		rss: each('rss'),
		pss: each('pss'),
		anonymous: each('anonymous'),
		before: before.rss,
		after: resident(pid).rss
	};
}
