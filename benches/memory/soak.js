/**
 * Hours of a bad day in minutes: every kind of request, misbehaving clients among them, at
 * a bounded rate, and the question whether the server's memory still grows at the end.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { median } from '../statistics.js';
import { Client } from './clients.js';
import { resident } from './resident.js';

/** @typedef {import('../servers.js').BenchServer} BenchServer */

/** Seconds between two looks. */
const EVERY = 2;

/** Growth from the second third to the last that is no more than the breathing of a heap. */
const BREATH = 0.03;

/**
 * @typedef {object} Sample
 * @property {number} at seconds from the end of the warm-up
 * @property {number} rss bytes
 * @property {number} anonymous bytes
 *
 * @typedef {object} SoakResult
 * @property {string} name
 * @property {number} seconds
 * @property {number} rate
 * @property {Record<string, number>} done
 * @property {Sample[]} samples
 * @property {{ second: number, last: number }} thirds medians of resident bytes
 * @property {number} slope bytes a minute over both, by least squares
 * @property {boolean} grown
 */

/**
 * Bytes a minute.
 * @param {Sample[]} samples
 */
function slope(samples) {
	const n = samples.length;
	const mean_at = samples.reduce((sum, { at }) => sum + at, 0) / n;
	const mean_rss = samples.reduce((sum, { rss }) => sum + rss, 0) / n;
	let together = 0;
	let spread = 0;
	for (const { at, rss } of samples) {
		together += (at - mean_at) * (rss - mean_rss);
		spread += (at - mean_at) ** 2;
	}
	return (together / spread) * 60;
}

/** @param {Sample[]} samples @param {number} seconds */
export function judge(samples, seconds) {
	const second = samples.filter(({ at }) => at >= seconds / 3 && at < (seconds * 2) / 3);
	const last = samples.filter(({ at }) => at >= (seconds * 2) / 3);
	const thirds = {
		second: median(second.map(({ rss }) => rss)),
		last: median(last.map(({ rss }) => rss))
	};
	return {
		thirds,
		slope: slope([...second, ...last]),
		grown: thirds.last > thirds.second * (1 + BREATH)
	};
}

/**
 * @param {BenchServer} server
 * @param {{ seconds: number, warm: number, rate: number }} options
 * @param {(sample: Sample) => void} on_sample
 * @returns {Promise<SoakResult>}
 */
export async function soak({ name, pid, url }, { seconds, warm, rate }, on_sample) {
	const port = Number(new URL(url).port);
	const client = new Client();
	/** @type {Sample[]} */
	const samples = [];
	try {
		const requests = Math.round((warm + seconds) * rate);
		const mixing = client.mix({ port, rate, requests, connections: 64, rough: true });
		// awaited below; a failure meanwhile must not end the process unheard
		mixing.catch(() => {});
		await Promise.race([wait(warm * 1000), mixing]);
		const began = performance.now();
		for (let at = 0; at < seconds;) {
			const { rss, anonymous } = resident(pid);
			at = (performance.now() - began) / 1000;
			samples.push({ at, rss, anonymous });
			on_sample(samples[samples.length - 1]);
			await wait(EVERY * 1000);
		}
		const { done, failed, faults } = await mixing;
		if (failed > 0) throw new Error(`${name}: ${failed} requests failed: ${faults.join('; ')}`);
		return { name, seconds, rate, done, samples, ...judge(samples, seconds) };
	} finally {
		await client.end();
	}
}
