/**
 * Starts and ends the servers under test. A server is ready when it says where it listens;
 * it is ended by its own process id, and never outlives the test process.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { clean_env } from './command.js';
import { node as default_node } from './paths.js';
import { PATIENCE } from './patience.js';

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();

process.on('exit', () => {
	for (const child of children) child.kill('SIGKILL');
});

/**
 * A free port of the loopback. Not next to a socket path: given both, Node takes the port
 * @param {string} prefix
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function loopback(prefix, env) {
	if (`${prefix}SOCKET_PATH` in env) return {};
	return { [`${prefix}HOST`]: '127.0.0.1', [`${prefix}PORT`]: '0' };
}

/**
 * @typedef {{
 *   port: number,
 *   socket: string | undefined,
 *   pid: number,
 *   child: import('node:child_process').ChildProcess,
 *   output: () => string,
 *   says: (text: string, timeout?: number) => Promise<void>,
 *   until: <T>(attempt: () => T | null | undefined, what: string, timeout?: number) => Promise<T>,
 *   ended: Promise<{ code: number | null, signal: string | null }>,
 *   signal: (name: NodeJS.Signals) => void,
 *   stop: () => Promise<void>
 * }} RunningServer
 */

/**
 * @param {{
 *   build: string,
 *   entry?: string,
 *   env?: NodeJS.ProcessEnv,
 *   node?: string,
 *   node_args?: string[],
 *   stdio?: import('node:child_process').StdioOptions,
 *   listening?: RegExp,
 *   timeout?: number,
 *   prefix?: string
 * }} options
 * @returns {Promise<RunningServer>}
 */
export async function start_server({
	build,
	entry = 'index.js',
	env = {},
	node = default_node,
	node_args = [],
	stdio = ['ignore', 'pipe', 'pipe'],
	listening = /Listening on (\S+|file descriptor 3)/,
	timeout = PATIENCE,
	prefix = ''
}) {
	const child = spawn(node, [...node_args, path.resolve(build, entry)], {
		cwd: build,
		env: clean_env({ ...loopback(prefix, env), ...env }),
		stdio
	});
	children.add(child);

	let output = '';
	/** @type {Set<() => void>} */
	const watchers = new Set();
	const collect = (/** @type {Buffer} */ chunk) => {
		output += chunk;
		for (const watcher of watchers) watcher();
	};
	child.stdout?.on('data', collect);
	child.stderr?.on('data', collect);

	/** @type {RunningServer['ended']} */
	const ended = new Promise((fulfil) => {
		child.on('error', (error) => {
			output += error;
			children.delete(child);
			fulfil({ code: null, signal: null });
			for (const watcher of watchers) watcher();
		});
		child.on('close', (code, signal) => {
			children.delete(child);
			fulfil({ code, signal });
			for (const watcher of watchers) watcher();
		});
	});

	/** @type {RunningServer['until']} */
	const until = (attempt, what, limit = PATIENCE) =>
		new Promise((fulfil, reject) => {
			const finish = () => {
				clearTimeout(timer);
				watchers.delete(check);
			};
			const check = () => {
				const found = attempt();
				if (found) {
					finish();
					fulfil(found);
				} else if (!children.has(child)) {
					finish();
					reject(new Error(`the server ended before it said ${what}:\n${output}`));
				}
			};
			const timer = setTimeout(() => {
				finish();
				reject(new Error(`the server did not say ${what} within ${limit} ms:\n${output}`));
			}, limit);
			watchers.add(check);
			check();
		});

	/** @param {RegExp} pattern @param {number} [limit] */
	const wait_for = (pattern, limit) => until(() => pattern.exec(output), `${pattern}`, limit);

	const stop = async () => {
		if (children.has(child)) child.kill('SIGKILL');
		await ended;
	};

	let where;
	try {
		where = (await wait_for(listening, timeout))[1];
	} catch (error) {
		await stop();
		throw error;
	}

	return {
		port: Number(/:(\d+)$/.exec(where)?.[1] ?? 0),
		socket: where.startsWith('/') ? where : undefined,
		pid: /** @type {number} */ (child.pid),
		child,
		output: () => output,
		until,
		says: async (text, limit) => {
			await wait_for(new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')), limit);
		},
		ended,
		signal: (name) => void child.kill(name),
		stop
	};
}

/**
 * Starts a server that is expected to refuse to start
 * @param {{ build: string, entry?: string, env: NodeJS.ProcessEnv, prefix?: string }} options
 * @returns {Promise<{ code: number | null, output: string } | { listening: true, output: string }>}
 */
export async function start_failing({ build, entry = 'index.js', env, prefix = '' }) {
	const child = spawn(default_node, [path.resolve(build, entry)], {
		cwd: build,
		env: clean_env({ ...loopback(prefix, env), ...env }),
		stdio: ['ignore', 'pipe', 'pipe']
	});
	children.add(child);
	let output = '';

	return new Promise((fulfil, reject) => {
		child.on('error', reject);
		let listening = false;
		const collect = (/** @type {Buffer} */ chunk) => {
			output += chunk;
			if (!listening && output.includes('Listening on')) {
				listening = true;
				child.kill('SIGKILL');
			}
		};
		child.stdout.on('data', collect);
		child.stderr.on('data', collect);
		const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
		child.on('close', (code) => {
			clearTimeout(timer);
			children.delete(child);
			fulfil(listening ? { listening, output } : { code, output });
		});
	});
}
