/**
 * `event.platform` where our server does not run: in `vite dev`, `vite preview` and while
 * prerendering. It has the shape of production's, no more, so that code that works here works there.
 *
 * SvelteKit asks for a platform without saying for which request. The Vite plugin below therefore
 * opens an asynchronous context around every request; where the plugin is not there, and while
 * prerendering, the request is a neutral one.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { hub } from '../hub.js';

/** @typedef {import('node:http').IncomingMessage & { originalUrl?: string }} Incoming */
/** @typedef {import('../index.js').PlatformRequest} PlatformRequest */

/** @type {AsyncLocalStorage<Incoming>} */
const current_request = new AsyncLocalStorage();

/** Development knows one worker. */
const worker = Object.freeze({ id: 1, count: 1, startedAt: Date.now() });

/** @returns {import('@sveltejs/kit').Emulator} */
export function emulator() {
	return {
		platform({ prerender }) {
			// A page that will be prerendered must not come to rely on a request in development.
			const incoming = prerender === true ? undefined : current_request.getStore();
			return { req: incoming ? describe(incoming) : neutral(), worker, hub };
		}
	};
}

/** @returns {import('vite').Plugin} */
export function request_plugin() {
	return {
		name: 'svelte-adapter-oxide:request',
		configureServer(server) {
			server.middlewares.use(remember_request);
		},
		configurePreviewServer(server) {
			server.middlewares.use(remember_request);
		}
	};
}

/**
 * Connect-style middleware; everything that answers the request later runs inside.
 * @param {Incoming} req
 * @param {unknown} _res
 * @param {() => void} next
 */
export function remember_request(req, _res, next) {
	current_request.run(req, next);
}

/**
 * @param {Incoming} incoming
 * @returns {PlatformRequest}
 */
function describe(incoming) {
	const { remoteAddress, remotePort, remoteFamily } = incoming.socket;
	const socket = { remoteAddress, remotePort, remoteFamily };
	return {
		method: incoming.method ?? 'GET',
		// Vite's base middleware takes the base off `url` and leaves the original here.
		url: incoming.originalUrl ?? incoming.url ?? '/',
		headers: incoming.headers,
		rawHeaders: incoming.rawHeaders,
		httpVersion: incoming.httpVersion,
		httpVersionMajor: incoming.httpVersionMajor,
		httpVersionMinor: incoming.httpVersionMinor,
		socket,
		connection: socket
	};
}

/** @returns {PlatformRequest} */
function neutral() {
	const socket = { remoteAddress: undefined, remotePort: undefined, remoteFamily: undefined };
	return {
		method: 'GET',
		url: '/',
		headers: {},
		rawHeaders: [],
		httpVersion: '1.1',
		httpVersionMajor: 1,
		httpVersionMinor: 1,
		socket,
		connection: socket
	};
}
