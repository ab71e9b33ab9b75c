/**
 * The app's `handle` for handshakes, where the app wants that (`handleUpgrade` of
 * `svelte-adapter-oxide/hub`): SvelteKit gets the handshake as a request, and where `handle` would
 * have it resolved, `upgrade` is asked. So `locals` are what `handle` has put there, and what `handle`
 * answers by itself is the answer.
 */
import { builtin } from '../builtin.js';
import { response_of } from './errors.js';

/** @import { Cookies } from './cookies.js' */
/** @typedef {import('@sveltejs/kit').RequestEvent} RequestEvent */
/** @typedef {{ event: RequestEvent, resolve: (event: RequestEvent) => Promise<Response> }} Input */

/** By these symbols, `hub.js` of the package says that there is such a `handle`, and finds ours. */
const HANDLES = Symbol.for('svelte-adapter-oxide.handles');
const HANDSHAKE = Symbol.for('svelte-adapter-oxide.handshake');

/** @type {{ [HANDLES]?: boolean, [HANDSHAKE]?: () => Handshake<any> | undefined }} */
const thread = /** @type {any} */ (globalThis);

/** @type {import('node:async_hooks').AsyncLocalStorage<Handshake<any>> | undefined} */
let current;

/**
 * One handshake on its way through `handle`.
 * @template T
 */
class Handshake {
	#cookies;
	#ask;
	/** `handle` has been given it. */
	entered = false;
	/** `upgrade` has been asked and lets it in. @type {{ returned: T } | null} */
	admitted = null;
	/** What `upgrade` has thrown, where that is a mistake. @type {{ error: unknown } | null} */
	failed = null;

	/**
	 * @param {Cookies} cookies
	 * @param {(locals: App.Locals) => T | Promise<T>} ask
	 */
	constructor(cookies, ask) {
		this.#cookies = cookies;
		this.#ask = ask;
	}

	/**
	 * What `handle` gets.
	 * @param {Input} input
	 * @returns {Input}
	 */
	enter(input) {
		// what `handle` fetches from the app itself is a request like any other
		if (this.entered) return input;
		this.entered = true;
		// SvelteKit's own would be lost: it writes them where it resolves
		Object.defineProperty(input.event, 'cookies', { value: this.#cookies, enumerable: true });
		return { event: input.event, resolve: (event) => this.#resolve(event) };
	}

	/** @param {RequestEvent} event */
	async #resolve(event) {
		let returned;
		try {
			returned = await this.#ask(event.locals);
		} catch (error) {
			const response = response_of(error);
			if (response !== null) return response;
			this.failed = { error };
			return new Response(null, { status: 500 });
		}
		if (returned instanceof Response) return returned;
		this.admitted = { returned };
		return new Response(null, { status: 204 });
	}
}

/**
 * @template T
 * @param {object} handshake
 * @param {() => Promise<Response>} handshake.render has SvelteKit answer it
 * @param {Cookies} handshake.cookies
 * @param {(locals: App.Locals | null) => T | Promise<T>} ask `upgrade`
 * @returns {Promise<T | Response>} what `upgrade` has returned, or the answer that refuses it
 * @throws what `upgrade` has thrown, if it was asked
 */
export async function through_handle({ render, cookies }, ask) {
	if (thread[HANDLES] !== true) return ask(null);
	/** @type {Handshake<T>} */
	const handshake = new Handshake(cookies, ask);
	const response = await storage().run(handshake, render);
	// the app has another `handle` by now, as happens in development
	if (!handshake.entered) return ask(null);
	if (handshake.failed !== null) throw handshake.failed.error;
	// it may have thought better of it
	if (handshake.admitted === null || response.status !== 204) return response;
	cookies.add(response.headers.getSetCookie());
	return handshake.admitted.returned;
}

/** Whether what runs is a handshake that SvelteKit has been given. */
export const is_handshake = () => current?.getStore() !== undefined;

/** Made with the first handshake: most apps want none of this. */
function storage() {
	if (current !== undefined) return current;
	/** @type {typeof import('node:async_hooks')} */
	const { AsyncLocalStorage } = builtin('node:async_hooks');
	/** @type {import('node:async_hooks').AsyncLocalStorage<Handshake<any>>} */
	const made = new AsyncLocalStorage();
	thread[HANDSHAKE] = () => made.getStore();
	return (current = made);
}
