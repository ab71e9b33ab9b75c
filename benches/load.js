/**
 * One round of load with wrk, pinned to its own core, and what it cost the server. A round
 * in which any answer was an error or any socket failed is not a measurement but a fault.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cpu_us } from './cpu.js';

const exec = promisify(execFile);

/**
 * @typedef {object} Round
 * @property {number} requests
 * @property {number} rps requests per second
 * @property {number} us server CPU per request, microseconds
 */

const CONNECTIONS = 64;

/**
 * @param {string} report what wrk printed
 * @returns {{ requests: number, rps: number }}
 */
export function parse_wrk(report) {
	const errors = /Non-2xx or 3xx responses: \d+|Socket errors: .*/g;
	const faults = report.match(errors);
	if (faults) throw new Error(`wrk saw failures: ${faults.join('; ')}`);
	const requests = Number(/(\d+) requests in/.exec(report)?.[1]);
	const rps = Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]);
	if (!(requests > 0)) throw new Error(`wrk completed no request:\n${report}`);
	return { requests, rps };
}

/**
 * wrk takes whole seconds only, so shorter rounds are cut off by `timeout` with the signal on
 * which wrk stops and prints its report.
 * @param {string} url
 * @param {number} seconds
 * @param {number} core
 */
async function wrk(url, seconds, core) {
	const cut = Number.isInteger(seconds)
		? []
		: ['timeout', '--preserve-status', '-s', 'INT', `${seconds}`];
	const whole = `${Math.ceil(seconds) + (cut.length > 0 ? 1 : 0)}s`;
	// a cold server may let an answer wait longer than wrk's 2 s; that is slow, not wrong
	const load = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${whole}`, '--timeout', '30s', url];
	const { stdout } = await exec('taskset', ['-c', `${core}`, ...cut, ...load]);
	try {
		return parse_wrk(stdout);
	} catch (error) {
		throw new Error(`${url}: ${error instanceof Error ? error.message : error}`, { cause: error });
	}
}

/**
 * @param {{ pid: number, url: string }} server
 * @param {string} path
 * @param {{ seconds: number, core: number }} options
 * @returns {Promise<Round>}
 */
export async function round({ pid, url }, path, { seconds, core }) {
	const before = cpu_us(pid);
	const { requests, rps } = await wrk(new URL(path, url).href, seconds, core);
	return { requests, rps, us: (cpu_us(pid) - before) / requests };
}
