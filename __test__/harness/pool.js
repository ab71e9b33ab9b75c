/**
 * Starts a server whose workers have threads of their own, with the parity app, and reads what
 * its pool says: the log as objects, the status, and who answered a request.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { get } from '../parity/case.js';
import { start_observed } from './observe.js';
import { exchange } from './wire.js';
import { PATIENCE } from './patience.js';

/** @typedef {Awaited<ReturnType<typeof start_pool>>} PoolServer */
/** @typedef {{ level: string, msg: string, [field: string]: string }} LogEntry */
/** @typedef {{ id: number, count: number, startedAt: number, asked: number }} Answerer */

const PAIR = /([\w.]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g;

/** @param {string} text the inside of a quoted value */
function unescape(text) {
	return text.replace(/\\(?:u\{([\da-f]+)\}|(.))/g, (_, code, letter) => {
		if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
		return { n: '\n', r: '\r', t: '\t' }[/** @type {'n'} */ (letter)] ?? letter;
	});
}

/**
 * The log's lines among what a server has put out, which other lines may surround
 * @param {string} output
 * @returns {LogEntry[]}
 */
export function parse_log(output) {
	return output
		.split('\n')
		.filter((line) => /^\d{4}-\d\d-\d\dT\S+Z level=/.test(line))
		.map((line) => {
			const pairs = [...line.matchAll(PAIR)];
			return /** @type {LogEntry} */ (
				Object.fromEntries(
					pairs.map(([, name, quoted, plain]) => [
						name,
						quoted === undefined ? plain : unescape(quoted)
					])
				)
			);
		});
}

/**
 * Resolves once the server listens and all its first workers are ready
 * @param {object} [options]
 * @param {2 | 3} [options.kit]
 * @param {string} [options.variant]
 * @param {string} [options.build] a build folder, for who does not want the parity app's own
 * @param {number} [options.workers]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string[]} [options.node_args]
 */
export async function start_pool({ workers = 2, env = {}, ...options } = {}) {
	const server = await start_observed({
		...options,
		env: { CLUSTER_WORKERS: String(workers), ...env }
	});

	/**
	 * The log's lines so far that say `msg` and have those fields
	 * @param {string} [msg]
	 * @param {Record<string, string | number>} [fields]
	 */
	const log = (msg, fields = {}) =>
		parse_log(server.output()).filter(
			(entry) =>
				(msg === undefined || entry.msg === msg) &&
				Object.entries(fields).every(([name, value]) => entry[name] === String(value))
		);

	/**
	 * Waits until the log says it, `count` times in all
	 * @param {string} msg
	 * @param {Record<string, string | number>} [fields]
	 * @param {{ count?: number, timeout?: number }} [options]
	 * @returns {Promise<LogEntry>} the line that made the count full
	 */
	const happens = (msg, fields = {}, { count = 1, timeout = PATIENCE } = {}) =>
		server.until(
			() => log(msg, fields)[count - 1],
			`${count} x "${msg}" ${JSON.stringify(fields)}`,
			timeout
		);

	const status = async () => (await server.observe()).status;

	/**
	 * Waits until the status is as wished
	 * @param {(status: import('../../native/index.js').PoolStatus) => boolean} holds
	 * @param {number} [timeout]
	 */
	const reaches = async (holds, timeout = PATIENCE) => {
		const until = Date.now() + timeout;
		for (;;) {
			const now = await status();
			if (holds(now)) return now;
			if (Date.now() > until) {
				throw new Error(`still ${JSON.stringify(now)}\n${server.output()}`);
			}
			await pause(25);
		}
	};

	/** Waits until all workers there should be are ready, and no others are left */
	const complete = () =>
		reaches(({ ready, wanted, workers }) => ready === wanted && workers.length === wanted);

	/**
	 * Asks a worker who it is
	 * @param {import('./wire.js').Connection} [connection] one that is open, else a new one
	 * @param {Record<string, string>} [headers]
	 * @returns {Promise<Answerer>}
	 */
	const who = async (connection, headers = {}) => {
		const request = get('/api/worker', headers);
		if (connection === undefined) {
			return JSON.parse((await exchange(server, request)).body.toString());
		}
		connection.send(request);
		const response = await connection.response();
		return JSON.parse(`${response?.body}`);
	};

	try {
		await happens('worker ready', {}, { count: workers });
	} catch (error) {
		await server.stop();
		throw error;
	}
	return { ...server, log, happens, status, reaches, complete, who };
}
