/**
 * SvelteKit alone as a subject of the bench: a process of its own, on the servers' core, that
 * calls `respond` in a loop (kit-process.js). What a server costs beyond this is the server's.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { environment } from '../scripts/lib/command.js';
import { NODE } from '../scripts/lib/places.js';
import { request_of } from './paths.js';

/** @typedef {import('./paths.js').BenchPath} BenchPath */
/** @typedef {import('./kit-process.js').Order} Order */

const PROGRAM = fileURLToPath(new URL('./kit-process.js', import.meta.url));

/**
 * @param {string} build adapter-node's build of the app
 * @param {number} core
 */
export async function start_kit(build, core) {
	const child = spawn('taskset', ['-c', `${core}`, NODE, PROGRAM, build], {
		env: environment({ NODE_ENV: 'production' }),
		stdio: ['ignore', 'inherit', 'inherit', 'ipc']
	});
	const exit = once(child, 'exit');
	const gone = exit.then(([code]) => {
		throw new Error(`The process of SvelteKit alone ended with ${code}`);
	});
	// it ends in the end, and nobody waits for it by then
	gone.catch(() => {});

	/** @param {Order} order */
	async function told(order) {
		child.send(order);
		const [answer] = await Promise.race([once(child, 'message'), gone]);
		if (answer.error) throw new Error(`SvelteKit alone: ${answer.error}`);
		return answer;
	}

	/** @param {BenchPath} path @param {number} seconds */
	const order = (path, seconds) => ({ request: request_of(path, 'localhost'), seconds });

	return {
		/** @param {BenchPath} path */
		async ask(path) {
			const { body, ...answer } = await told(order(path, 0));
			return { ...answer, body: Buffer.from(body, 'base64') };
		},
		/** @param {BenchPath} path @param {{ seconds: number }} options */
		round: (path, { seconds }) => told(order(path, seconds)),
		async stop() {
			child.disconnect();
			await exit;
		}
	};
}
