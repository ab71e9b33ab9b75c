/**
 * The load generator of the memory bench, a process of its own so that its memory and its
 * file descriptors are not the server's. Told what to do by messages; answers each with one.
 *
 *   hold      opens connections that make one request each and then stay silent
 *   peers     opens WebSockets that stay silent
 *   release   closes those WebSockets
 *   mix       sends requests of several kinds at a bounded rate
 */

import { once } from 'node:events';
import http from 'node:http';
import process from 'node:process';
import { get, KINDS } from './kinds.js';
import { open_peer } from './peer.js';

/** Requests under way at a time while connections are opened. */
const OPENING = 50;

/** Requests under way at a time in a mix; a server that is slower than the rate gets them later. */
const UNDER_WAY = 256;

/**
 * @typedef {object} Hold
 * @property {'hold'} type
 * @property {number} port
 * @property {string} source address the connections come from
 * @property {number} count
 * @property {string | null} path null opens connections that say nothing
 *
 * @typedef {object} Peers
 * @property {'peers'} type
 * @property {number} port
 * @property {string} source address the WebSockets come from
 * @property {number} count
 * @property {string | null} greeting what each sends once it is open
 *
 * @typedef {object} Release
 * @property {'release'} type
 *
 * @typedef {object} Mix
 * @property {'mix'} type
 * @property {number} port
 * @property {number} rate requests a second
 * @property {number} requests after which it ends
 * @property {number} connections
 * @property {boolean} rough clients that misbehave too
 * @property {string} [path] ask for nothing else
 *
 * @typedef {object} Mixed
 * @property {Record<string, number>} done by kind
 * @property {string[]} faults the first few of them
 * @property {number} failed
 */

/** Keeps the connections' agents alive. @type {http.Agent[]} */
const held = [];

/** @type {import('node:net').Socket[]} */
let peers = [];

/** @param {Hold} order @param {http.Agent} agent */
async function open(order, agent) {
	const { port, source: localAddress } = order;
	if (order.path === null) {
		const socket = agent.createConnection({ host: '127.0.0.1', port, localAddress });
		if (socket) await once(socket, 'connect');
		return;
	}
	const path = order.path;
	const request = http.get({ host: '127.0.0.1', port, localAddress, agent, path });
	const [response] = /** @type {[http.IncomingMessage]} */ (await once(request, 'response'));
	if (response.statusCode !== 200) throw new Error(`${path}: status ${response.statusCode}`);
	response.resume();
	await once(response, 'end');
}

/**
 * Does something often, a bounded number of times at once.
 * @param {number} count
 * @param {() => Promise<void>} one
 */
async function often(count, one) {
	let left = count;
	const opener = async () => {
		while (left-- > 0) await one();
	};
	await Promise.all(Array.from({ length: OPENING }, opener));
}

/** @param {Hold} order */
const hold = (order) =>
	often(order.count, async () => {
		const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
		held.push(agent);
		await open(order, agent);
	});

/** @param {Peers} order */
const hold_peers = (order) =>
	often(order.count, async () => void peers.push(await open_peer(order)));

async function release() {
	const ending = peers;
	peers = [];
	await Promise.all(ending.map((peer) => (peer.destroy(), once(peer, 'close'))));
}

/** Kinds in an order that repeats and has each as often as its weight says. @param {boolean} rough */
function schedule(rough) {
	const kinds = Object.entries(KINDS).filter(([, kind]) => rough || !kind.rough);
	const credit = kinds.map(() => 0);
	const total = kinds.reduce((sum, [, { weight }]) => sum + weight, 0);
	return () => {
		// the one that waits longest for its share
		let next = 0;
		for (const [index, [, { weight }]] of kinds.entries()) {
			credit[index] += weight;
			if (credit[index] > credit[next]) next = index;
		}
		credit[next] -= total;
		return kinds[next];
	};
}

/**
 * @param {string} path
 * @returns {() => [string, import('./kinds.js').Kind]}
 */
function only(path) {
	return () => [path, { weight: 1, run: (target) => get(target, path) }];
}

/**
 * @param {Mix} order
 * @returns {Promise<Mixed>}
 */
async function mix({ port, rate, requests, connections, rough, path }) {
	const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
	const next = path === undefined ? schedule(rough) : only(path);
	/** @type {Mixed} */
	const result = { done: {}, faults: [], failed: 0 };
	/** @type {Set<Promise<void>>} */
	const under_way = new Set();
	const began = performance.now();
	let turn = 0;

	const launch = () => {
		const [name, kind] = next();
		const running = kind.run({ port, agent, turn: turn++ }).then(
			() => {
				result.done[name] = (result.done[name] ?? 0) + 1;
			},
			(error) => {
				result.failed++;
				if (result.faults.length < 5) result.faults.push(`${name}: ${error.message}`);
			}
		);
		under_way.add(running);
		void running.then(() => under_way.delete(running));
	};

	await new Promise((/** @type {(value: void) => void} */ resolve) => {
		const timer = setInterval(() => {
			const due = Math.min(requests, ((performance.now() - began) / 1000) * rate);
			while (turn < due && under_way.size < UNDER_WAY) launch();
			if (turn < requests) return;
			clearInterval(timer);
			resolve();
		}, 10);
	});
	await Promise.all(under_way);
	agent.destroy();
	return result;
}

/** @param {Hold | Peers | Release | Mix} order */
function obey(order) {
	switch (order.type) {
		case 'hold':
			return hold(order);
		case 'peers':
			return hold_peers(order);
		case 'release':
			return release();
		case 'mix':
			return mix(order);
	}
}

process.on('message', async (/** @type {Parameters<typeof obey>[0]} */ order) => {
	try {
		process.send?.({ result: await obey(order) });
	} catch (error) {
		process.send?.({ error: error instanceof Error ? error.message : String(error) });
	}
});
process.on('disconnect', () => process.exit());
