/**
 * The native server beside Vite's: found, configured, started when the hub is first needed, ended
 * with Vite's own. It listens on the loopback, on a port of the system's choice, and answers nobody
 * but the tunnel. A process has one at a time.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locate, version } from '../addon.js';
import { oxide_json } from '../handoff.js';
import { platform_of } from '../platforms.js';

/** @typedef {typeof import('../../runtime/development.js')} Runtime */

/**
 * What of the environment means the same here as in production; what speaks of the listener, of a proxy or
 * of workers does not.
 */
const VARIABLES = /^(?:WEBSOCKET_|REDIS_|LOG_LEVEL$)/;

/** In seconds: hooks that never end hold up neither the end of Vite's server nor its next start. */
const SHUTDOWN_TIMEOUT = '1';

const require = createRequire(import.meta.url);

/** @type {NativeServer | null} the one that this process has */
let running = null;

/** Why there is no hub. */
export class HubIsOff extends Error {
	code = 'OXIDE_HUB_OFF';

	/**
	 * @param {string} message
	 * @param {boolean} [meant] as somebody wants it
	 */
	constructor(message, meant = false) {
		super(message);
		this.meant = meant;
	}
}

export class NativeServer {
	#runtime;
	#options;
	#base;
	#render;
	/** @type {{ port: number, closed: Promise<void> } | null} */
	#listening = null;
	/** Why it does not start, until something has changed. @type {HubIsOff | null} */
	#fault = null;
	/** @type {Promise<void> | null} */
	#ending = null;

	/** Names of the lines that tell of a client; whoever does not know them is turned away. */
	lines = private_lines();

	/**
	 * @param {object} what
	 * @param {Runtime} what.runtime
	 * @param {import('../options.js').Options} what.options of the adapter
	 * @param {string} what.base `paths.base`
	 * @param {import('../../runtime/development.js').Render} what.render
	 */
	constructor({ runtime, options, base, render }) {
		this.#runtime = runtime;
		this.#options = options;
		this.#base = base;
		this.#render = render;
	}

	/**
	 * Starts it, if it has not been started.
	 * @param {boolean} hooks_ws whether the app has WebSocket hooks
	 * @returns {{ port: number }}
	 * @throws {HubIsOff}
	 */
	start(hooks_ws) {
		if (this.#listening !== null) return this.#listening;
		if (this.#fault !== null) throw this.#fault;
		if (running !== null || this.#ending !== null) {
			throw new HubIsOff(
				'The hub belongs to another Vite server of this process, and there can be only one'
			);
		}
		try {
			this.#listening = this.#open(hooks_ws);
		} catch (error) {
			const { message } = /** @type {Error} */ (error);
			this.#fault = error instanceof HubIsOff ? error : new HubIsOff(message);
			throw this.#fault;
		}
		running = this;
		return this.#listening;
	}

	/** @param {boolean} hooks_ws */
	#open(hooks_ws) {
		const addon = /** @type {import('../../runtime/native.js').Native} */ (
			require(locate(platform_of()))
		);
		const folder = mkdtempSync(join(tmpdir(), 'svelte-adapter-oxide-'));
		try {
			writeFileSync(join(folder, 'oxide.json'), this.#handoff(hooks_ws));
			if (!this.#runtime.open(addon, folder, this.#env())) {
				throw new HubIsOff(
					'WebSockets are off: there is no src/hooks.ws.js, or an option or a variable says so',
					true
				);
			}
		} finally {
			// it has been read
			rmSync(folder, { recursive: true, force: true });
		}
		try {
			return this.#runtime.serve({
				base: this.#base,
				lines: this.lines,
				render: this.#render
			});
		} catch (error) {
			addon.release();
			throw error;
		}
	}

	/** A build without files and routes. @param {boolean} hooks_ws */
	#handoff(hooks_ws) {
		const { websocket } = this.#options.run_time;
		return oxide_json({
			app: {
				kit: 3,
				base: this.#base,
				app_path: '_app',
				// pages have the origin of Vite's server
				origin: undefined,
				content_type: () => undefined
			},
			version,
			build: randomUUID(),
			options: { ...this.#options, run_time: websocket === undefined ? {} : { websocket } },
			hooks_ws,
			client: { entries: [], aliases: [] },
			prerendered: [],
			routes: []
		});
	}

	/** @returns {Record<string, string>} */
	#env() {
		const prefix = this.#options.env_prefix;
		/** @type {Record<string, string>} */
		const own = {
			HOST: '127.0.0.1',
			PORT: '0',
			ADDRESS_HEADER: this.lines.address,
			PROTOCOL_HEADER: this.lines.protocol,
			HEALTH_CHECK: 'false',
			IO_THREADS: '1',
			LOG_LEVEL: 'warn',
			SHUTDOWN_TIMEOUT,
			// what the app sees of the platform is Vite's business
			WEB_OBJECTS: 'native'
		};
		const given = Object.entries(process.env).filter(
			([name, value]) =>
				value !== undefined && name.startsWith(prefix) && VARIABLES.test(name.slice(prefix.length))
		);
		const ours = Object.entries(own).map(([name, value]) => [prefix + name, value]);
		return Object.fromEntries([...ours, ...given]);
	}

	/** Ends it, if it has been started. Whatever kept it from starting is looked at anew. */
	async stop() {
		this.#fault = null;
		if (this.#listening !== null) {
			const { closed } = this.#listening;
			this.#listening = null;
			this.#ending = this.#runtime.end(closed).finally(() => {
				running = null;
				this.#ending = null;
			});
		}
		await this.#ending;
	}
}

/** @returns {import('../../runtime/arrival.js').Lines} */
function private_lines() {
	const secret = `x-oxide-${randomBytes(16).toString('hex')}`;
	return { address: `${secret}-address`, port: `${secret}-port`, protocol: `${secret}-protocol` };
}
