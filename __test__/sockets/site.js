/**
 * The app in this folder, served in one of three modes: built, once for each kit and variant, and
 * started with its workers; by `vite dev`; by `vite preview`.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { install, install_adapter } from '../harness/app.js';
import { build_copy } from '../harness/copies.js';
import { locked } from '../harness/lock.js';
import { start_observed } from '../harness/observe.js';
import { start_pool } from '../harness/pool.js';
import { start_server } from '../harness/server.js';

const source = fileURLToPath(new URL('./app', import.meta.url));
const vite_server = fileURLToPath(new URL('./vite-server.js', import.meta.url));

/** @typedef {'build' | 'dev' | 'preview'} Mode */

/** @type {Mode[]} */
export const MODES = ['build', 'dev', 'preview'];

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
	return { ...server, ...calls(server), workers: workers ?? 2 };
}

/**
 * Ways to call a server's hub through its routes
 * @param {{ port: number }} server
 */
function calls(server) {
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

	return { post, hub };
}

/** A name for each copy of the app. */
let copies = 0;

/**
 * The app served by Vite, from a copy of its own
 * @param {object} [options]
 * @param {'dev' | 'preview' | 'middleware' | 'parent'} [options.mode]
 * @param {2 | 3} [options.kit]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {(app: string) => void} [options.change] the copy before it is built or served; named by `name`
 * @param {string} [options.name]
 */
export async function start_vite({ mode = 'dev', kit = 3, env = {}, change, name } = {}) {
	const app =
		mode === 'preview'
			? path.dirname(await build_site({ kit, change, name }))
			: await copy_site(kit, change);
	const server = await start_server({
		build: app,
		entry: vite_server,
		env: { KIT: String(kit), MODE: mode, ...QUICK, ...env },
		stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
		timeout: 60_000
	});
	/** @param {'close' | 'restart' | 'count' | 'ports'} name */
	const order = (name) => void server.child.send(name);
	const stop = async () => {
		await server.stop();
		if (mode !== 'preview') fs.rmSync(app, { recursive: true, force: true });
	};
	return { ...server, ...calls(server), stop, order, app, workers: 1 };
}

/**
 * @param {2 | 3} kit
 * @param {(app: string) => void} [change]
 */
function copy_site(kit, change) {
	return locked('apps', async () => {
		const shared = await install(`kit${kit}`);
		const app = path.join(shared, 'builds', `sockets-dev-${process.pid}-${(copies += 1)}`);
		fs.rmSync(app, { recursive: true, force: true });
		fs.cpSync(source, app, { recursive: true });
		if (kit === 3) fs.rmSync(path.join(app, 'svelte.config.js'));
		install_adapter(app);
		change?.(app);
		return app;
	});
}

/**
 * What all modes can do
 * @typedef {import('../harness/server.js').RunningServer & ReturnType<typeof calls> & { workers: number }} AnySite
 */

/**
 * @param {Mode} mode
 * @param {object} [options]
 * @param {2 | 3} [options.kit]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {(app: string) => void} [options.change]
 * @param {string} [options.name]
 * @returns {Promise<AnySite>}
 */
export async function start_mode(mode, { kit = 3, env, change, name } = {}) {
	if (mode !== 'build') return start_vite({ mode, kit, env, change, name });
	return start_site({ build: await build_site({ kit, change, name }), env });
}

/**
 * A server whose worker is the main thread
 * @param {string} build
 * @param {NodeJS.ProcessEnv} [env]
 */
export const start_alone = (build, env) => start_observed({ build, env: { ...QUICK, ...env } });
