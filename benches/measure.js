/**
 * The order in which things are measured: the subjects of a path take turns, so that a machine
 * that slows down slows all of them, and every figure has its spread over the turns.
 */

import { warn } from '../scripts/lib/toolchain.js';
import { figures, median, ratio, spread } from './statistics.js';

/** Part of a core that a saturated server uses at least, whatever else the machine does. */
const LEAST_BUSY = 0.4;

/** @typedef {import('./load.js').Round} Round */
/** @typedef {import('./paths.js').BenchPath} BenchPath */
/** @typedef {import('./statistics.js').Figures} Figures */
/** @typedef {import('./statistics.js').Spread} Spread */
/** @typedef {import('./subjects.js').Running} Running */
/** @typedef {import('./subjects.js').Subject} Subject */

/**
 * @typedef {object} Method
 * @property {number} rounds
 * @property {number} seconds length of a round
 * @property {number} warmup seconds of load before the first round of a path
 * @property {number} server_core
 * @property {number} load_core
 */

/**
 * @typedef {object} PathResult
 * @property {string} name
 * @property {string} title
 * @property {Record<string, Figures>} figures by subject
 * @property {Record<string, Spread>} ratios CPU of each other subject over that of the last
 */

/**
 * A server that renders is slower than wrk and so never without work. Where it was, it or the
 * machine stood still, and the figures of that round are not those of a saturated server.
 * (With files it is wrk that has no time to spare.)
 * @param {string} id
 * @param {BenchPath} path
 * @param {Round[]} rounds
 */
function tell_idle(id, path, rounds) {
	for (const { busy = 1, requests } of rounds) {
		if (busy >= LEAST_BUSY) continue;
		const part = (busy * 100).toFixed(0);
		warn(`${id} used ${part}% of its core in a round of ${path.name} with ${requests} answers`);
	}
}

/**
 * @param {Running[]} taking those that serve the path
 * @param {BenchPath} path
 * @param {Method} method
 * @returns {Promise<PathResult>}
 */
export async function measure_path(taking, path, { rounds, seconds, warmup, load_core: core }) {
	if (warmup > 0) for (const each of taking) await each.round(path, { seconds: warmup, core });

	/** @type {Map<string, Round[]>} */
	const found = new Map(taking.map(({ subject }) => [subject.id, []]));
	for (let turn = 0; turn < rounds; turn++) {
		for (const each of taking) {
			found.get(each.subject.id)?.push(await each.round(path, { seconds, core }));
		}
	}

	if (!path.file) for (const [id, each] of found) tell_idle(id, path, each);
	const entries = [...found];
	const [, ours] = entries[entries.length - 1];
	return {
		name: path.name,
		title: path.title,
		figures: Object.fromEntries(entries.map(([id, each]) => [id, figures(each)])),
		ratios: Object.fromEntries(entries.slice(0, -1).map(([id, each]) => [id, ratio(each, ours)]))
	};
}

/**
 * @typedef {object} DelayResult how long timers of the app waited beyond their time, milliseconds
 * @property {string} title of the path that saturated the server
 * @property {Record<string, Record<'p50' | 'p99' | 'max' | 'loop_p99', number>>} figures by
 *   subject; medians over the rounds
 */

/** More rounds than these say nothing new about a delay. */
const DELAY_ROUNDS = 3;

/**
 * Starts or ends the watch that the app keeps over its own timers.
 * @param {string} server
 * @param {'POST' | 'GET'} method
 */
async function watch(server, method) {
	// without a type a POST counts as a form, which must come from the app's own pages
	const headers = { 'content-type': 'application/json' };
	const response = await fetch(new URL('/delay', server), { method, headers });
	if (!response.ok) throw new Error(`${method} /delay: status ${response.status}`);
	return method === 'GET' ? response.json() : undefined;
}

/**
 * @param {Running[]} all
 * @param {BenchPath} path
 * @param {Method} method
 * @returns {Promise<DelayResult>}
 */
export async function measure_delay(all, path, { rounds, seconds, load_core: core }) {
	/** @type {Record<string, Record<string, number[]>>} */
	const found = {};
	for (let turn = 0; turn < Math.min(rounds, DELAY_ROUNDS); turn++) {
		for (const { subject, server, round } of all) {
			// those without a process that runs the app have no timers to watch
			if (!server || !subject.serves(path)) continue;
			await watch(server.url, 'POST');
			await round(path, { seconds, core });
			const delays = (found[subject.id] ??= {});
			for (const [name, value] of Object.entries(await watch(server.url, 'GET'))) {
				(delays[name] ??= []).push(Number(value));
			}
		}
	}
	const medians = Object.entries(found).map(([id, delays]) => {
		const each = Object.entries(delays).map(([name, values]) => [name, median(values)]);
		return [id, Object.fromEntries(each)];
	});
	return { title: path.title, figures: Object.fromEntries(medians) };
}

/**
 * Milliseconds from the start of the process to its first answer, the caches of earlier
 * starts being warm.
 * @param {Subject[]} subjects
 * @param {Method} method
 * @returns {Promise<Record<string, Spread>>} by subject
 */
export async function measure_starts(subjects, { rounds, server_core }) {
	/** @type {Map<string, number[]>} */
	const found = new Map();
	for (let turn = 0; turn < rounds * 2 + 1; turn++) {
		for (const subject of subjects) {
			const { server, stop } = await subject.start(server_core);
			await stop();
			if (!server) continue;
			found.set(subject.id, [...(found.get(subject.id) ?? []), server.start_ms]);
		}
	}
	return Object.fromEntries([...found].map(([id, each]) => [id, spread(each)]));
}
