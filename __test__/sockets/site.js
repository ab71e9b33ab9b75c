/**
 * The app in this folder, built once for each kit and variant, and started with its workers.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build_copy } from '../harness/copies.js';
import { start_observed } from '../harness/observe.js';
import { start_pool } from '../harness/pool.js';

const source = fileURLToPath(new URL('./app', import.meta.url));

/**
 * @param {object} [what]
 * @param {2 | 3} [what.kit]
 * @param {Record<string, string>} [what.env] that the app's configuration reads
 * @param {(app: string) => void} [what.change] the app before it is built; named by `name`
 * @param {string} [what.name]
 * @returns {Promise<string>} the build folder
 */
export const build_site = ({ kit = 3, env = {}, change, name = 'plain' } = {}) =>
	build_copy({
		source,
		name: `sockets-${name}`,
		kit,
		env: { KIT: `${kit}`, ...env },
		change(app) {
			if (kit === 3) fs.rmSync(path.join(app, 'svelte.config.js'));
			change?.(app);
		}
	});

// tests open more sockets than people do
const QUICK = { WEBSOCKET_UPGRADE_RATE_LIMIT: '0' };

/** @typedef {Awaited<ReturnType<typeof start_site>>} Site */

/**
 * A server with two workers, if not told otherwise, and ways to call its hub
 * @param {object} [options]
 * @param {string} [options.build]
 * @param {number} [options.workers]
 * @param {NodeJS.ProcessEnv} [options.env]
 */
export async function start_site({ build, workers, env = {} } = {}) {
	build ??= await build_site();
	const server = await start_pool({ build, workers, env: { ...QUICK, ...env } });

	/**
	 * @param {string} target
	 * @param {unknown} [body]
	 */
	const post = async (target, body) => {
		const response = await fetch(`http://127.0.0.1:${server.port}${target}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body ?? {})
		});
		return /** @type {any} */ (await response.json());
	};

	/**
	 * Has a route call a function of the hub
	 * @param {string} name
	 * @param {...unknown} args
	 */
	const hub = async (name, ...args) => {
		const { result, error } = await post('/hub', { name, args });
		if (error) throw Object.assign(new Error(error.message), { code: error.code });
		return result;
	};

	return { ...server, post, hub };
}

/**
 * A server whose worker is the main thread
 * @param {string} build
 * @param {NodeJS.ProcessEnv} [env]
 */
export const start_alone = (build, env) => start_observed({ build, env: { ...QUICK, ...env } });
