/**
 * What `svelte-adapter-oxide/hub` and `event.platform.hub` find in this process: a hub that is started
 * when it is looked for.
 */

/** By this symbol, `hub.js` of the package looks for it. */
const HUB = Symbol.for('svelte-adapter-oxide.hub');

/**
 * @param {() => import('../../hub.js').Hub} start
 * @returns {() => void} removes it, if no other has taken its place
 */
export function install_hub(start) {
	Object.defineProperty(globalThis, HUB, { get: start, configurable: true });
	return () => {
		const found = Object.getOwnPropertyDescriptor(globalThis, HUB);
		if (found?.get === start) delete (/** @type {{ [HUB]?: unknown }} */ (globalThis)[HUB]);
	};
}
