/**
 * The hub in `vite dev` and `vite preview`: the native server of production stands beside Vite's, and
 * gets from it the handshakes that the app's hooks want (`tunnel.js`). It is started when a socket comes or
 * the hub is called, and ends with Vite's server.
 */
import { join } from 'node:path';
import { HOOKS_WS, find_hooks_ws } from '../hooks-ws.js';
import { OPTIONS, decide_options } from '../options.js';
import { AppHooks, built_source, source_of_vite } from './app-hooks.js';
import { ask, is_asked } from './ask.js';
import { install_hub } from './lazy-hub.js';
import { NativeServer } from './native-server.js';
import { forward, is_foreign, tunnel } from './tunnel.js';
import { is_allowed_host, is_handshake, is_proxied, is_vites } from './upgrades.js';

/** @typedef {import('vite').ViteDevServer | import('vite').PreviewServer} ViteServer */
/** @typedef {import('node:net').Socket} Socket */
/** @typedef {import('node:http').IncomingMessage} IncomingMessage */

/**
 * What is read of SvelteKit's configuration, in the shape of version 3.
 * @typedef {object} KitConfig
 * @property {{ base: string }} paths
 * @property {string} appDir
 * @property {string} outDir
 * @property {{ [OPTIONS]?: import('../options.js').Options }} [adapter]
 */

/** Servers that have a hub: the plugin may be listed although the adapter adds it. */
const served = new WeakSet();

/** @returns {import('vite').Plugin} */
export function sockets_plugin() {
	/** @type {Sockets | undefined} */
	let sockets;
	return {
		name: 'svelte-adapter-oxide:sockets',
		async configureServer(server) {
			const app = app_of(server);
			if (app === null || served.has(server)) return;
			served.add(server);
			const find = () => find_hooks_ws(app.given, server.config.root);
			const { base, appDir } = { ...app.config.paths, ...app.config };
			const first = `${base}/${appDir}/env.js?svelte-adapter-oxide`;
			const source = source_of_vite(server, find, { kit: app.kit, first });
			sockets = await Sockets.of(server, server.config.server, app.config, source);
			watch(server, sockets, find);
			say_goodbye(server, sockets);
		},
		async configurePreviewServer(server) {
			const app = app_of(server);
			if (app === null || served.has(server)) return;
			served.add(server);
			const file = join(app.config.outDir, 'output/server', `${HOOKS_WS}.js`);
			const source = built_source(file);
			sockets = await Sockets.of(server, server.config.preview, app.config, source);
			say_goodbye(server, sockets);
		},
		// a file that has been built from has been dropped by now; it may be one of the hooks'
		hotUpdate() {
			sockets?.hooks.changed();
		},
		handleHotUpdate() {
			sockets?.hooks.changed();
		},
		// of development, this is the end of the server
		buildEnd: () => sockets?.end()
	};
}

/**
 * @param {ViteServer} server
 * @returns {{ kit: 2 | 3, config: KitConfig, given: any } | null} `null`: it is no app of SvelteKit's
 */
function app_of({ config }) {
	const plugin = config.plugins.find(({ name }) => name === 'vite-plugin-sveltekit-setup');
	const given = plugin?.api?.options;
	if (given === undefined) return null;
	// version 3 has the name and nothing under it
	return given.kit === undefined
		? { kit: 3, config: given, given }
		: { kit: 2, config: given.kit, given };
}

/**
 * @param {import('vite').ViteDevServer} server
 * @param {Sockets} sockets
 * @param {() => string | null} find
 */
function watch({ watcher }, sockets, find) {
	let file = find();
	watcher.on('all', () => {
		const now = find();
		if (now === file) return sockets.hooks.changed();
		file = now;
		sockets.begin_anew();
	});
}

/**
 * Vite cuts all connections off before it tells its plugins that it ends, so what it is told to do is
 * done once sockets have ended as in production. A restart that fails leaves the server as it was, and
 * the hub to whoever comes next.
 * @param {ViteServer} server
 * @param {Sockets} sockets
 */
function say_goodbye(server, sockets) {
	const { close } = server;
	server.close = async () => {
		await sockets.end();
		return close.call(server);
	};
	if (!('restart' in server)) return;
	const { restart } = server;
	server.restart = async (force) => {
		await sockets.begin_anew();
		return restart.call(server, force);
	};
}

class Sockets {
	#native;
	#rules;
	#log;
	#options;
	#base;
	#remove_hub;
	/** @type {Set<Socket>} */
	#open = new Set();
	/** What was said last, so that it is said once. */
	#said = '';

	/**
	 * @param {ViteServer} server
	 * @param {import('./upgrades.js').Rules} rules
	 * @param {KitConfig} config
	 * @param {import('./app-hooks.js').Source} source
	 */
	static async of(server, rules, config, source) {
		// nothing of it is needed to build
		const runtime = await import('../../runtime/development.js');
		return new Sockets(server, rules, config, source, runtime);
	}

	/**
	 * @param {ViteServer} server
	 * @param {import('./upgrades.js').Rules} rules
	 * @param {KitConfig} config
	 * @param {import('./app-hooks.js').Source} source
	 * @param {typeof import('../../runtime/development.js')} runtime
	 */
	constructor(server, rules, { paths, adapter }, source, runtime) {
		const { logger } = server.config;
		const said = (/** @type {string} */ text) => `[svelte-adapter-oxide] ${text}`;
		this.#log = {
			info: (/** @type {string} */ text) => logger.info(said(text), { timestamp: true }),
			warn: (/** @type {string} */ text) => logger.warn(said(text), { timestamp: true }),
			error: (/** @type {string} */ text, /** @type {Error} */ error) =>
				logger.error(said(text), { timestamp: true, error })
		};
		this.#rules = rules;
		this.#base = paths.base;
		this.#options = adapter?.[OPTIONS] ?? decide_options();
		this.#native = new NativeServer({
			runtime,
			options: this.#options,
			base: paths.base,
			render: ({ url, headers }, address) => ask(server, { url, headers, address })
		});
		this.runtime = runtime;
		this.hooks = new AppHooks(runtime, source, this.#log);
		this.#remove_hub = install_hub(() => {
			this.#start();
			return runtime.hub;
		});
		this.#listen(server);
		server.middlewares.use((req, res, next) => this.#answer(req, res, next));
	}

	/** @param {ViteServer} server */
	#listen({ httpServer, config }) {
		const { middlewareMode } = config.server;
		const parent = typeof middlewareMode === 'object' ? middlewareMode.server : null;
		const http = /** @type {import('node:http').Server | null} */ (httpServer ?? parent);
		if (http === null) {
			if (this.#is_wanted) {
				this.#log.info(
					'In middleware mode, the hub can be called but no WebSocket be opened, which takes the server: `server.middlewareMode: { server }`'
				);
			}
			return;
		}
		const listener = this.#upgrade.bind(this);
		http.on('upgrade', listener);
		this.#stop_listening = () => http.off('upgrade', listener);
		http.once('close', () => this.end());
	}

	#stop_listening = () => {};

	/** Whether there may be sockets; the native server knows for certain. */
	get #is_wanted() {
		const { run_time, env_prefix } = this.#options;
		const variable = process.env[`${env_prefix}WEBSOCKET_ENABLED`];
		return Boolean(this.hooks.exist || run_time.websocket || variable);
	}

	/** @throws {import('./native-server.js').HubIsOff} */
	#start() {
		try {
			return this.#native.start(this.hooks.exist);
		} catch (error) {
			const { message, meant } = /** @type {import('./native-server.js').HubIsOff} */ (error);
			if (!meant && message !== this.#said) {
				this.#said = message;
				this.#log.warn(`There is no hub: ${message}`);
			}
			throw error;
		}
	}

	/**
	 * @param {IncomingMessage} req
	 * @param {Socket} socket
	 * @param {Buffer} head
	 */
	#upgrade(req, socket, head) {
		const is_others = !is_handshake(req) || is_vites(req) || is_proxied(req, this.#rules);
		if (is_others || !this.#is_wanted) return;
		const { bytesWritten } = socket;
		// while it is found out whose it is; without a listener, an error would end the process
		const ignore = () => {};
		socket.on('error', ignore);
		const failed = (/** @type {Error} */ error) =>
			this.#log.error(`A WebSocket handshake failed: ${error.stack ?? error}`, error);
		this.#decide(path_of(req)).then((to) => {
			// whoever wants it as well has been here
			const is_taken = socket.destroyed || socket.bytesWritten !== bytesWritten;
			if (to === null || is_taken) return void socket.off('error', ignore);
			this.#open.add(socket);
			socket.once('close', () => this.#open.delete(socket));
			if (!is_allowed_host(req, this.#rules)) return refuse(socket, 403, FOREIGN_HOST);
			if (typeof to === 'string') return refuse(socket, 503, to);
			try {
				const { lines } = this.#native;
				tunnel(req, socket, head, { port: to, lines }, (status) => this.#refused(req, status));
			} catch (error) {
				failed(/** @type {Error} */ (error));
				socket.destroy();
			}
		}, failed);
	}

	/**
	 * What is most likely the matter, where a page comes through something that Vite does not know of.
	 * @param {IncomingMessage} req
	 * @param {number} status
	 */
	#refused(req, status) {
		if (status !== 403 || !is_foreign(req)) return;
		const { origin } = req.headers;
		const what = `A page of ${origin} was refused a WebSocket`;
		if (what === this.#said) return;
		this.#said = what;
		this.#log.warn(
			`${what} with 403, as it is not one of this server. If it should have one: \`websocket.allowedOrigins\`, or WEBSOCKET_ALLOWED_ORIGINS=${origin}`
		);
	}

	/**
	 * A stream of events, if the native server has any there; all other requests are Vite's.
	 * @param {IncomingMessage} req
	 * @param {import('node:http').ServerResponse} res
	 * @param {(error?: unknown) => void} next
	 */
	#answer(req, res, next) {
		const path = path_of(req);
		const may_be = req.method === 'GET' && path.endsWith(STREAM) && !is_asked(req);
		if (!may_be || !this.#is_wanted || !is_allowed_host(req, this.#rules)) return next();
		this.#decide(path.slice(0, -STREAM.length) || '/').then((to) => {
			if (typeof to !== 'number') return next();
			forward(req, res, { port: to, lines: this.#native.lines }, next);
		}, next);
	}

	/**
	 * @param {string} pathname
	 * @returns {Promise<number | string | null>} a port, or why there is none; `null`: it is not ours
	 */
	async #decide(pathname) {
		let port;
		try {
			({ port } = this.#start());
		} catch (error) {
			const { message, meant } = /** @type {import('./native-server.js').HubIsOff} */ (error);
			return meant || pathname !== this.#likely_path ? null : message;
		}
		await this.hooks.look();
		return this.runtime.has_path(pathname) ? port : null;
	}

	/** Where the hooks are reached, as far as it is known without the native server, which decides. */
	get #likely_path() {
		const { run_time, env_prefix } = this.#options;
		const { path } = /** @type {{ path?: string }} */ (run_time.websocket ?? {});
		return this.#base + (process.env[`${env_prefix}WEBSOCKET_PATH`] ?? path ?? '/ws');
	}

	/** The app's hooks have come or gone, and with them perhaps the hub. */
	async begin_anew() {
		this.#said = '';
		this.hooks.forget();
		try {
			await this.#native.stop();
		} catch (thrown) {
			const error = /** @type {Error} */ (thrown);
			this.#log.error(`The hub has not ended as it should: ${error.stack ?? error}`, error);
		}
	}

	/** Vite's server ends, and with it what stands beside it. */
	async end() {
		this.#stop_listening();
		this.#remove_hub();
		await this.begin_anew();
		// what was sent last has been sent, or never will be
		for (const socket of this.#open) socket.destroy();
	}
}

/** Behind the path of hooks, the stream of events of what their sockets would hear. */
const STREAM = '/sse';

const FOREIGN_HOST =
	'Vite does not answer to this host. To allow it, add it to `server.allowedHosts` (`preview.allowedHosts` in preview) in vite.config.';

/**
 * As hooks will see it; empty where a target is no path.
 * @param {IncomingMessage} req
 */
function path_of({ url = '' }) {
	return url.startsWith('/') ? new URL(`http://localhost${url}`).pathname : '';
}

/**
 * @param {Socket} socket
 * @param {403 | 503} status
 * @param {string} why
 */
function refuse(socket, status, why) {
	const phrase = { 403: 'Forbidden', 503: 'Service Unavailable' }[status];
	socket.end(
		`HTTP/1.1 ${status} ${phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n` +
			`content-length: ${Buffer.byteLength(why)}\r\nconnection: close\r\n\r\n${why}`
	);
}
