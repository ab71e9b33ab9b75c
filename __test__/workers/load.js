/**
 * Load that accounts for every request: a number of connections, each of which asks again once it
 * was answered. What a request is and which answers to it are right is for the test to say.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { get } from '../parity/case.js';
import { Connection } from '../harness/wire.js';

/** @typedef {import('../harness/wire.js').WireResponse} WireResponse */

/**
 * @typedef {object} Ask
 * @property {string} name as which it is counted
 * @property {Buffer} bytes
 * @property {string} [method]
 * @property {(response: WireResponse | null, connection: Connection) => string} [judge] names the
 *   outcome; what it throws is a failure. `null` is a connection that ended without an answer
 */

/**
 * An answer of 200, complete, and with this in it
 * @param {string} [text]
 * @returns {NonNullable<Ask['judge']>}
 */
export const answered =
	(text = '') =>
	(response, connection) => {
		if (response === null) throw new Error(`no answer (${connection.error ?? 'closed'})`);
		if (response.status !== 200) throw new Error(`${response.status} ${response.body}`);
		if (!response.complete) throw new Error('an answer that is cut');
		if (!response.body.includes(text)) throw new Error(`not ${text}: ${response.body}`);
		return 'answered';
	};

/**
 * @param {string} target
 * @param {Partial<Ask>} [rest]
 * @returns {Ask}
 */
export const ask = (target, rest) => ({ name: target, bytes: get(target), ...rest });

/** A time within which whatever does not hang has been answered */
const HANGS = 30_000;

export class Load {
	/** By request and outcome. @type {Record<string, Record<string, number>>} */
	counts = {};
	/** What should not have happened. @type {string[]} */
	failures = [];
	/** Connections that the server has closed, with an answer or without */
	closed = 0;
	asked = 0;
	#ended = false;
	/** @type {Array<(value: unknown) => void>} */
	#waiting = [];
	/** @type {Promise<void>[]} */
	#clients;

	/**
	 * @param {import('../harness/wire.js').Address} address
	 * @param {object} options
	 * @param {() => Ask} options.next
	 * @param {number} [options.connections]
	 * @param {number} [options.rest] milliseconds between an answer and the next request
	 */
	constructor(address, { next, connections = 8, rest = 2 }) {
		this.#clients = Array.from({ length: connections }, () => this.#client(address, next, rest));
	}

	/** Waits for the answers that are still to come. */
	async stop() {
		this.#ended = true;
		await Promise.all(this.#clients);
	}

	/**
	 * Goes on until there have been enough answers
	 * @param {() => boolean} enough asked after each
	 */
	async until(enough) {
		while (!enough() && !this.#ended) await new Promise((fulfil) => this.#waiting.push(fulfil));
	}

	/** For a test that has failed already */
	[Symbol.dispose]() {
		this.#ended = true;
	}

	/** The requests of which the outcome is known */
	get answered() {
		return Object.values(this.counts)
			.flatMap((outcomes) => Object.values(outcomes))
			.reduce((sum, count) => sum + count, 0);
	}

	/**
	 * @param {import('../harness/wire.js').Address} address
	 * @param {() => Ask} next
	 * @param {number} rest
	 */
	async #client(address, next, rest) {
		/** @type {Connection | undefined} */
		let connection;
		while (!this.#ended) {
			const { name, bytes, method, judge = answered() } = next();
			this.asked += 1;
			let outcome = 'failed';
			try {
				connection ??= await Connection.open(address);
				connection.send(bytes);
				outcome = judge(await connection.response(method, HANGS), connection);
			} catch (error) {
				this.failures.push(`${name}: ${/** @type {Error} */ (error).message}`);
				connection?.close();
				connection = undefined;
			}
			const outcomes = (this.counts[name] ??= {});
			outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
			for (const fulfil of this.#waiting.splice(0)) fulfil(undefined);
			await pause(rest);
			if (connection?.ended) {
				this.closed += 1;
				connection.close();
				connection = undefined;
			}
		}
		connection?.close();
	}
}
