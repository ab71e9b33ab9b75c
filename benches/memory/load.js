/**
 * The memory two servers need for the same load: the same requests in the same order at
 * the same rate, so that the faster one is not charged for serving more of them.
 */

import { Client } from './clients.js';
import { resident, settled, watch_peak } from './resident.js';

/** @typedef {import('../servers.js').BenchServer} BenchServer */

/** Seconds after the load at which a server is looked at again. */
const REST = 10;

/**
 * @typedef {object} LoadResult
 * @property {string} name
 * @property {number} requests
 * @property {number} started resident bytes before the first request
 * @property {number} peak
 * @property {number} settled
 */

/**
 * @param {BenchServer} server
 * @param {{ rate: number, seconds: number, connections: number }} load
 * @returns {Promise<LoadResult>}
 */
export async function measure_load({ name, pid, url }, { rate, seconds, connections }) {
	const started = resident(pid).rss;
	const requests = rate * seconds;
	const port = Number(new URL(url).port);
	const client = new Client();
	const watch = watch_peak(pid);
	try {
		const { failed, faults } = await client.mix({
			port,
			rate,
			requests,
			connections,
			rough: false
		});
		if (failed > 0) throw new Error(`${name}: ${failed} requests failed: ${faults.join('; ')}`);
	} finally {
		watch.stop();
		await client.end();
	}
	return { name, requests, started, peak: watch.stop(), settled: (await settled(pid, REST)).rss };
}
