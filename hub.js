/**
 * `svelte-adapter-oxide/hub`: the hub for any server module of the app, and a helper for hooks in
 * TypeScript. It only finds what the server has put into the thread, so that it may be imported
 * anywhere and as often as bundlers like: while building, in tests, where our server does not run.
 */

/** @typedef {import('./hub.js').Hub} Hub */

/** What `runtime/sockets/hub.js` puts it under, and in development `adapter/dev/lazy-hub.js`. */
const HUB = Symbol.for('svelte-adapter-oxide.hub');

/** Its functions, all of them. @type {Array<keyof Hub>} */
const FUNCTIONS = [
	'publish',
	'broadcast',
	'send',
	'sendTo',
	'disconnect',
	'peers',
	'peer',
	'count',
	'position',
	'subscribers',
	'presence',
	'request'
];

/**
 * @param {keyof Hub} name
 * @returns {Hub}
 */
function current(name) {
	const found = /** @type {{ [HUB]?: Hub }} */ (globalThis)[HUB];
	if (found !== undefined) return found;
	const error = new Error(
		`hub.${name}() was called where there is no hub: it is there in the server that ` +
			`\`node build/index.js\` starts, in \`vite dev\` and in \`vite preview\` (with SvelteKit 2, ` +
			`if vite.config has the plugin \`oxide()\`), and not while building or prerendering, nor in ` +
			`build/handler.js inside another server. Call it while a request is handled, or look ` +
			`whether \`building\` of \`$app/environment\` is false.`
	);
	throw Object.assign(error, { code: 'OXIDE_HUB_OFF' });
}

/** @type {Hub} */
export const hub = Object.freeze(
	Object.fromEntries(
		FUNCTIONS.map((name) => [
			name,
			(/** @type {any[]} */ ...args) =>
				/** @type {(...args: any[]) => any} */ (current(name)[name])(...args)
		])
	)
);

/** @type {typeof import('./hub.js').defineHooks} */
export const defineHooks = (hooks) => hooks;

/** By these symbols, the server knows that there is such a `handle`, and gives it handshakes. */
const HANDLES = Symbol.for('svelte-adapter-oxide.handles');
const HANDSHAKE = Symbol.for('svelte-adapter-oxide.handshake');

/** @type {typeof import('./hub.js').handleUpgrade} */
export const handleUpgrade = (handle) => {
	const thread = /** @type {any} */ (globalThis);
	thread[HANDLES] = true;
	/** @type {any} */
	const handles = (/** @type {unknown} */ input) =>
		handle(thread[HANDSHAKE]?.()?.enter(input) ?? input);
	return handles;
};
