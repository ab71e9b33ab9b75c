/**
 * Measures what SvelteKit itself costs: loads the server of a build without any adapter's
 * handler and calls `respond` one request after another. Requests are made before the clock
 * starts and responses are read as text within, with the platform's own classes throughout.
 *
 *   node benches/kit-process.js <folder of adapter-node's build>
 *
 * Takes orders as messages and answers each with one; ends when its parent disconnects.
 */

import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { answer_of } from './ask.js';

/**
 * @typedef {object} Order
 * @property {ReturnType<typeof import('./paths.js').request_of>} request
 * @property {number} seconds 0: answer once and tell what came
 */

/** Requests made ahead at a time: long beside the clock's grain, short beside a round. */
const BATCH = 200;

const OPTIONS = { getClientAddress: () => '127.0.0.1' };

/** @param {string} build */
async function load(build) {
	const { server } = await import(pathToFileURL(path.join(build, 'adapter-node.js')).href);
	await server.init({
		env: process.env,
		read() {
			throw new Error('The bench app reads no files');
		}
	});
	return server;
}

const server = await load(process.argv[2]);

/** @param {Order['request']} request */
function make({ path, method, headers, body }) {
	return new Request(`https://localhost${path}`, { method, headers, body });
}

/**
 * @param {Order} order
 * @returns {Promise<import('./load.js').Round>}
 */
async function measure({ request, seconds }) {
	const began = performance.now();
	let requests = 0;
	let us = 0;
	let ms = 0;
	while (performance.now() - began < seconds * 1000) {
		const batch = Array.from({ length: BATCH }, () => make(request));
		// a turn of the event loop, so that what making them left behind is not charged
		await new Promise((resolve) => setImmediate(resolve));
		const started = performance.now();
		const before = process.cpuUsage();
		for (const each of batch) {
			const response = await server.respond(each, OPTIONS);
			await response.text();
		}
		const { user, system } = process.cpuUsage(before);
		ms += performance.now() - started;
		us += user + system;
		requests += BATCH;
	}
	return { requests, rps: (requests / ms) * 1000, us: us / requests };
}

process.on('message', async (/** @type {Order} */ order) => {
	try {
		if (order.seconds > 0) return process.send?.(await measure(order));
		const answer = await answer_of(await server.respond(make(order.request), OPTIONS));
		process.send?.({ ...answer, body: answer.body.toString('base64') });
	} catch (error) {
		process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : `${error}` });
	}
});
