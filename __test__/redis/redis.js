/**
 * A real redis-server, which can be killed, stopped and started again in the same place, and what
 * tests of several processes wait for.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE } from '../harness/patience.js';
import { free_port } from '../harness/project.js';

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();

process.on('exit', () => {
	for (const child of children) child.kill('SIGKILL');
});

const START_TIMEOUT = PATIENCE;

export class Redis {
	/** @type {import('node:child_process').ChildProcess | undefined} */
	#child;
	#args;
	#command;

	/**
	 * @param {string[]} args
	 * @param {string[]} command that runs the program named behind it
	 */
	constructor(args, command = []) {
		this.#args = args;
		this.#command = command;
	}

	/**
	 * @param {string[]} [args] besides the port
	 * @returns {Promise<Redis & { port: number, url: string }>} on the loopback
	 */
	static async start(args = []) {
		const port = await free_port();
		const redis = new Redis(['--port', `${port}`, '--bind', '127.0.0.1', ...args]);
		await redis.start();
		return Object.assign(redis, { port, url: `redis://127.0.0.1:${port}` });
	}

	/** In the same place as before, with nothing in it */
	async start() {
		assert.equal(this.#child, undefined, 'it runs already');
		const [program, ...rest] = [...this.#command, 'redis-server', ...this.#args];
		const child = spawn(program, [...rest, '--save', '', '--appendonly', 'no'], {
			stdio: ['ignore', 'pipe', 'inherit']
		});
		children.add(child);
		this.#child = child;
		child.once('close', () => children.delete(child));
		let output = '';
		await new Promise((resolve, reject) => {
			child.once('error', reject);
			child.once('close', () => reject(new Error(`redis-server ended:\n${output}`)));
			child.stdout?.on('data', (text) => {
				output += text;
				// of a Unix socket it says that "the server is now ready"
				if (/ready to accept connections/i.test(output)) resolve(undefined);
			});
			const late = () => reject(new Error(`redis-server did not start:\n${output}`));
			setTimeout(late, START_TIMEOUT).unref();
		});
	}

	/** @param {NodeJS.Signals} name */
	signal(name) {
		this.#child?.kill(name);
	}

	/** Without a goodbye */
	async kill() {
		const child = this.#child;
		this.#child = undefined;
		if (child === undefined || !children.has(child)) return;
		const closed = new Promise((resolve) => child.once('close', resolve));
		child.kill('SIGCONT');
		child.kill('SIGKILL');
		await closed;
	}
}

/**
 * Waits until something is so
 * @template T
 * @param {() => Promise<T>} look
 * @param {(found: T) => boolean} is_so
 * @param {string} what
 * @param {number} [limit]
 * @returns {Promise<T>}
 */
export async function eventually(look, is_so, what, limit = 30_000) {
	const until = Date.now() + limit;
	for (;;) {
		const found = await look();
		if (is_so(found)) return found;
		if (Date.now() > until) throw new Error(`${what}: still ${JSON.stringify(found)}`);
		await pause(20);
	}
}

/** @typedef {import('../sockets/site.js').Site} Site */

/**
 * Waits until so many other hubs are joined with that of each site
 * @param {Site[]} sites
 * @param {number} [others]
 */
export async function joined(sites, others = sites.length - 1) {
	for (const site of sites) {
		const look = async () => (await site.observe()).stats.redis_instances;
		await eventually(look, (count) => count === others, `${others} hubs joined`);
	}
}
