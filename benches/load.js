/**
 * One round of load with wrk, pinned to its own core, and what it cost the server. A round
 * in which any answer was an error or any socket failed is not a measurement but a fault.
 */

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { at } from '../scripts/lib/places.js';
import { cpu_us } from './cpu.js';
import { request_of } from './paths.js';

const exec = promisify(execFile);

/** @typedef {import('./paths.js').BenchPath} BenchPath */

/**
 * @typedef {object} Round
 * @property {number} requests
 * @property {number} rps requests per second
 * @property {number} us server CPU per request, microseconds
 * @property {number} [busy] part of the round in which the server had the core
 * @property {number} [p50_ms] latency with all connections busy
 * @property {number} [p99_ms]
 */

const CONNECTIONS = 64;

/** wrk's units of time in milliseconds. @type {Record<string, number>} */
const UNITS = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/**
 * A line of wrk's latency distribution such as `99%    1.23ms`.
 * @param {string} report
 * @param {number} percent
 */
function latency(report, percent) {
	const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m) *$`, 'm').exec(report);
	if (!found) throw new Error(`wrk printed no ${percent}% latency:\n${report}`);
	return Number(found[1]) * UNITS[found[2]];
}

/**
 * @param {string} report what wrk printed
 * @returns {Omit<Round, 'us' | 'busy'>}
 */
export function parse_wrk(report) {
	const errors = /Non-2xx or 3xx responses: \d+|Socket errors: .*/g;
	const faults = report.match(errors);
	if (faults) throw new Error(`wrk saw failures: ${faults.join('; ')}`);
	const requests = Number(/(\d+) requests in/.exec(report)?.[1]);
	const rps = Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]);
	if (!(requests > 0)) throw new Error(`wrk completed no request:\n${report}`);
	return { requests, rps, p50_ms: latency(report, 50), p99_ms: latency(report, 99) };
}

/** A Lua string of any text without `]=]`. @param {string} text */
const lua = (text) => `[=[${text}]=]`;

/**
 * The script by which wrk learns of a method, headers and a body. It only fills in the one
 * request that wrk makes at its start and repeats, so it costs the load generator nothing.
 * @param {BenchPath} path
 * @param {URL} url
 */
function script(path, url) {
	const { method, headers, body } = request_of(path, url.host);
	const lines = [`wrk.method = ${lua(method)}`];
	if (body !== undefined) lines.push(`wrk.body = ${lua(body)}`);
	for (const [name, value] of Object.entries(headers)) {
		// the spaces keep Lua from taking two brackets for one long one
		lines.push(`wrk.headers[ ${lua(name)} ] = ${lua(value)}`);
	}
	const folder = at('target', 'bench', 'wrk');
	fs.mkdirSync(folder, { recursive: true });
	const file = `${folder}/${path.name}.lua`;
	fs.writeFileSync(file, `${lines.join('\n')}\n`);
	return file;
}

/**
 * wrk takes whole seconds only, so shorter rounds are cut off by `timeout` with the signal on
 * which wrk stops and prints its report.
 * @param {BenchPath} path
 * @param {URL} url
 * @param {number} seconds
 * @param {number | string} core one, or several as `taskset` takes them
 */
async function wrk(path, url, seconds, core) {
	const cut = Number.isInteger(seconds)
		? []
		: ['timeout', '--preserve-status', '-s', 'INT', `${seconds}`];
	const whole = `${Math.ceil(seconds) + (cut.length > 0 ? 1 : 0)}s`;
	// a cold server may let an answer wait longer than wrk's 2 s; that is slow, not wrong
	const load = ['-t1', `-c${CONNECTIONS}`, `-d${whole}`, '--timeout', '30s', '--latency'];
	const args = [...cut, 'wrk', ...load, '-s', script(path, url), url.href];
	const { stdout, stderr } = await exec('taskset', ['-c', `${core}`, ...args]);
	// wrk tells of a script it cannot read, and goes on without it
	if (stderr) throw new Error(stderr.trim());
	return parse_wrk(stdout);
}

/**
 * @param {{ name: string, pid: number, url: string }} server
 * @param {BenchPath} path
 * @param {{ seconds: number, core: number | string }} options
 * @returns {Promise<Round>}
 */
export async function round({ name, pid, url }, path, { seconds, core }) {
	const before = cpu_us(pid);
	try {
		const report = await wrk(path, new URL(path.path, url), seconds, core);
		const us = (cpu_us(pid) - before) / report.requests;
		return { ...report, us, busy: (us * report.rps) / 1e6 };
	} catch (error) {
		const what = error instanceof Error ? error.message : error;
		throw new Error(`${name}, ${path.path}: ${what}`, { cause: error });
	}
}
