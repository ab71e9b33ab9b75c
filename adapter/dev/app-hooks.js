/**
 * `src/hooks.ws.js` where Vite runs the app: from the modules that Vite's server has for it, anew when
 * they change, or, in preview, from SvelteKit's output. Either way its imports are the modules that
 * routes import.
 */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { ask } from './ask.js';

/** @typedef {import('vite').ViteDevServer} ViteDevServer */
/** @typedef {typeof import('../../runtime/development.js')} Runtime */
/** @typedef {Record<string, unknown>} Module */

/**
 * Where hooks come from.
 * @typedef {object} Source
 * @property {() => boolean} exists whether the app has any
 * @property {() => Promise<Module>} load the same module, until it has changed
 */

/** Where the app has none. @type {Module} */
const NONE = Object.freeze({});

/** In milliseconds: Vite tells of a change before it has dropped what it concerns. */
const SETTLED = [50, 500];

/** Hooks that have been loaded, and follow the changes of their source. */
export class AppHooks {
	#runtime;
	#source;
	#log;
	/** @type {Module | null} */
	#module = null;
	/** What was told last, so that it is told once. */
	#mistake = '';
	/** @type {Promise<void>} */
	#looking = Promise.resolve();
	/** @type {NodeJS.Timeout[]} */
	#timers = [];

	/**
	 * @param {Runtime} runtime
	 * @param {Source} source
	 * @param {{ info(text: string): void, error(text: string, error?: Error): void }} log
	 */
	constructor(runtime, source, log) {
		this.#runtime = runtime;
		this.#source = source;
		this.#log = log;
	}

	get exist() {
		return this.#source.exists();
	}

	/**
	 * Puts the hooks in use that are there now. If they cannot be used, those before go on; if there are
	 * none, handshakes are answered with 500.
	 */
	look() {
		this.#looking = this.#looking.then(() => this.#look());
		return this.#looking;
	}

	async #look() {
		try {
			const module = await this.#source.load();
			if (module === this.#module && this.#mistake === '') return;
			this.#runtime.use_hooks(module);
			this.#runtime.renew_all();
			if (this.#module !== null) this.#log.info('src/hooks.ws has been loaded anew');
			this.#module = module;
			this.#mistake = '';
		} catch (thrown) {
			const error = thrown instanceof Error ? thrown : new Error(String(thrown));
			if (this.#module === null) this.#runtime.use_none(error);
			if (error.message === this.#mistake) return;
			this.#mistake = error.message;
			const meanwhile =
				this.#module === null
					? 'WebSocket handshakes are answered with 500'
					: 'the hooks from before go on';
			this.#log.error(
				`src/hooks.ws cannot be used, and until it is mended ${meanwhile}:\n${error.stack ?? error}`,
				error
			);
		}
	}

	/** Something has changed. Only what has been loaded is looked at. */
	changed() {
		if (this.#module === null && this.#mistake === '') return;
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers = SETTLED.map((wait) => setTimeout(() => void this.look(), wait).unref());
	}

	/** They are loaded as if for the first time when they are needed again. */
	forget() {
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers = [];
		this.#module = null;
		this.#mistake = '';
	}
}

/**
 * @param {string} file of SvelteKit's server output
 * @returns {Source}
 */
export const built_source = (file) => ({
	exists: () => existsSync(file),
	load: async () => (existsSync(file) ? import(pathToFileURL(file).href) : NONE)
});

/**
 * @param {ViteDevServer} server
 * @param {() => string | null} find
 * @param {object} app
 * @param {2 | 3} app.kit
 * @param {string} app.first a path that SvelteKit answers without the app
 * @returns {Source}
 */
export function source_of_vite(server, find, { kit, first }) {
	/** @type {Promise<Response> | undefined} */
	let begun;
	return {
		exists: () => find() !== null,
		async load() {
			// SvelteKit begins to run the app with the first request: `$env`, `read` and the `init` hook wait
			// for it. Where a socket comes first, this is that request.
			await (begun ??= ask(server, { url: first }));
			const file = find();
			if (file === null) return NONE;
			// as SvelteKit does: modules that are loaded another way are other modules
			if (kit === 2) return server.ssrLoadModule(file, { fixStacktrace: true });
			return /** @type {import('vite').RunnableDevEnvironment} */ (
				server.environments.ssr
			).runner.import(file);
		}
	};
}
