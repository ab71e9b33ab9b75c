/**
 * The servers of the bench as processes: the same app built with each adapter, started on one
 * core, asked until it answers, and ended again.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { environment, run } from '../scripts/lib/command.js';
import { at, NODE } from '../scripts/lib/places.js';
import { copy_app } from './copy.js';

/** @typedef {'node' | 'oxide'} Adapter */

/** @type {Record<Adapter, string>} */
export const NAMES = { node: 'adapter-node', oxide: 'svelte-adapter-oxide' };

/**
 * What the app's vite.config imports; absolute, because Vite bundles that file to another place.
 * @param {Adapter} adapter
 */
const module_of = (adapter) =>
	adapter === 'node'
		? import.meta.resolve('@sveltejs/adapter-node')
		: pathToFileURL(at('index.js')).href;

/**
 * @typedef {object} BenchServer
 * @property {string} name
 * @property {number} pid
 * @property {string} url
 * @property {number} start_ms from the start of the process to its first answer
 * @property {() => Promise<void>} stop
 *
 * @typedef {object} Launch how a server is started on a port
 * @property {string} program
 * @property {string[]} args
 * @property {string} cwd
 * @property {Record<string, string | undefined>} [env]
 */

/**
 * Builds the bench app and returns the folder.
 * @param {Adapter} adapter
 */
export async function build_app(adapter) {
	const app = copy_app(at('target', 'bench', `${adapter}-app`));
	const out = at('target', 'bench', adapter);
	fs.rmSync(out, { recursive: true, force: true });
	console.log(`Building benches/app with ${NAMES[adapter]}`);
	await run(NODE, [at('node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], {
		cwd: app,
		env: { BENCH_ADAPTER: module_of(adapter), BENCH_OUT: out, NODE_ENV: undefined },
		quiet: true
	});
	return out;
}

/** A port nobody has now. */
async function free_port() {
	const probe = net.createServer().listen(0, '127.0.0.1');
	await once(probe, 'listening');
	const { port } = /** @type {net.AddressInfo} */ (probe.address());
	probe.close();
	await once(probe, 'close');
	return port;
}

/**
 * Starts a server on one core and waits for its first answer.
 * @param {string} name
 * @param {number | string} core one, or several as `taskset` takes them
 * @param {(port: number) => Launch} command
 * @returns {Promise<BenchServer>}
 */
export async function launch(name, core, command) {
	const port = await free_port();
	const url = `http://127.0.0.1:${port}/`;
	const { program, args, cwd, env } = command(port);
	const started = performance.now();
	const child = spawn('taskset', ['-c', `${core}`, program, ...args], {
		cwd,
		env: environment(env),
		stdio: ['ignore', 'pipe', 'pipe']
	});
	let output = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding('utf8').on('data', (text) => (output += text));
	}
	const exit = once(child, 'exit');

	for (let answered = false; !answered;) {
		if (child.exitCode !== null || performance.now() - started > 30_000) {
			child.kill('SIGKILL');
			throw new Error(`${name} did not start:\n${output}`);
		}
		answered = await fetch(url).then(
			async (response) => (await response.arrayBuffer(), true),
			() => wait(2, false)
		);
	}

	return {
		name,
		pid: /** @type {number} */ (child.pid),
		url,
		start_ms: performance.now() - started,
		async stop() {
			if (child.exitCode !== null || child.signalCode !== null) {
				throw new Error(`${name} ended during the bench:\n${output}`);
			}
			child.kill('SIGTERM');
			await exit;
		}
	};
}

/**
 * Starts a build of the app as one would in production.
 * @param {Adapter} adapter
 * @param {string} folder its build
 * @param {number | string} core one, or several as `taskset` takes them
 */
export const start = (adapter, folder, core) =>
	launch(NAMES[adapter], core, (port) => ({
		program: NODE,
		args: ['index.js'],
		cwd: folder,
		env: { NODE_ENV: 'production', HOST: '127.0.0.1', PORT: `${port}` }
	}));
