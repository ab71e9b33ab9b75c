/** Starts the client processes of the memory bench and gives them their orders. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { NODE } from '../../scripts/lib/places.js';

/** @typedef {import('./client.js').Hold} Hold */
/** @typedef {import('./client.js').Mix} Mix */
/** @typedef {import('./client.js').Mixed} Mixed */
/** @typedef {import('./client.js').Peers} Peers */
/** @typedef {import('./client.js').Release} Release */

const MODULE = new URL('./client.js', import.meta.url);

export class Client {
	constructor() {
		this.child = fork(MODULE, { execPath: NODE, execArgv: [] });
	}

	/**
	 * @param {Hold | Peers | Release | Mix} order
	 * @returns {Promise<any>}
	 */
	async order(order) {
		const over = new AbortController();
		const { signal } = over;
		const answered = once(this.child, 'message', { signal });
		const ended = once(this.child, 'exit', { signal }).then(([code]) => {
			throw new Error(`A client of the bench ended with ${code}`);
		});
		// the one that has lost is given up
		answered.catch(() => {});
		ended.catch(() => {});
		this.child.send(order);
		const [{ result, error }] = await Promise.race([answered, ended]).finally(() => over.abort());
		if (error) throw new Error(error);
		return result;
	}

	/**
	 * @param {Omit<Mix, 'type'>} order
	 * @returns {Promise<Mixed>}
	 */
	mix(order) {
		return this.order({ type: 'mix', ...order });
	}

	/**
	 * @param {Omit<Peers, 'type'>} order
	 * @returns {Promise<void>}
	 */
	peers(order) {
		return this.order({ type: 'peers', ...order });
	}

	/**
	 * @returns {Promise<void>}
	 */
	release() {
		return this.order({ type: 'release' });
	}

	async end() {
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		const ended = once(this.child, 'exit');
		this.child.disconnect();
		await ended;
	}
}

/** Connections one client process keeps: its own limit of file descriptors is the server's too. */
const PER_CLIENT = 5000;

/**
 * Opens connections and keeps them until `end` is called. Each process comes from its own
 * loopback address, so that ports never run out.
 * @param {number} count
 * @param {(client: Client, part: number, source: string) => Promise<void>} open has a client open
 *   its part
 */
export async function hold(count, open) {
	/** @type {Client[]} */
	const clients = [];
	const end = () => Promise.all(clients.map((client) => client.end()));
	try {
		const orders = [];
		for (let left = count; left > 0; left -= PER_CLIENT) {
			const client = new Client();
			clients.push(client);
			const source = `127.0.0.${1 + clients.length}`;
			orders.push(open(client, Math.min(left, PER_CLIENT), source));
		}
		await Promise.all(orders);
	} catch (error) {
		await end();
		throw error;
	}
	return { end };
}
