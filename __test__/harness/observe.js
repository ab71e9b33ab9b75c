/** Asks a server that was started through `observed.js` what it has counted. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build_app } from './app.js';
import { start_server } from './server.js';
import { PATIENCE } from './patience.js';

/**
 * @typedef {{
 *   stats: Record<string, number>,
 *   rss: number,
 *   status: import('../../native/index.js').PoolStatus
 * }} Observation
 */

const entry = fileURLToPath(new URL('./observed.js', import.meta.url));

/**
 * @param {object} [options]
 * @param {2 | 3} [options.kit]
 * @param {string} [options.variant]
 * @param {string} [options.build] a build folder, instead of the parity app's
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string[]} [options.node_args]
 */
export async function start_observed({ kit = 3, variant, build, env, node_args } = {}) {
	build ??= await build_app({ kit, adapter: 'oxide', variant });
	const server = await start_server({
		build,
		entry,
		env,
		node_args,
		stdio: ['ignore', 'pipe', 'pipe', 'ipc']
	});

	/** @returns {Promise<Observation>} */
	const observe = () =>
		new Promise((fulfil, reject) => {
			const timer = setTimeout(
				() => reject(new Error('the server does not answer its parent')),
				PATIENCE
			);
			server.child.once('message', (message) => {
				clearTimeout(timer);
				fulfil(/** @type {Observation} */ (message));
			});
			server.child.send('observe');
		});

	/**
	 * Waits until the counters are as expected; says which are not when they never become so
	 * @param {Record<string, number>} expected
	 */
	const settles = async (expected) => {
		/** @type {Record<string, number>} */
		let stats = {};
		for (const until = Date.now() + PATIENCE; Date.now() < until;) {
			({ stats } = await observe());
			if (Object.entries(expected).every(([name, value]) => stats[name] === value)) return stats;
			await pause(25);
		}
		throw new Error(
			`expected ${JSON.stringify(expected)}, still ${JSON.stringify(stats)}\n${server.output()}`
		);
	};

	return { ...server, observe, settles };
}
