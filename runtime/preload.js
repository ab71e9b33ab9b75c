/**
 * Imports the code of every route, before anyone asks for it. SvelteKit imports a route with the
 * first request for it, from a folder in which another build may lie by then: a worker that has
 * everything in memory can go on until it is replaced.
 */

/** @typedef {() => Promise<any>} Load */

/**
 * What is read of SvelteKit's manifest; version 2 has it one level deeper.
 * @typedef {object} Manifest
 * @property {Load[]} nodes
 * @property {Array<{ endpoint: Load | null }>} routes
 * @property {Load} [matchers]
 * @property {Record<string, Load>} [remotes]
 */

/**
 * A module that waits at its top level, for a database say, holds up its own route and not the
 * start of its worker.
 */
const PATIENCE = 5_000;

/**
 * Waits until all is imported, or long enough.
 * @param {Manifest | { _: Manifest }} manifest
 * @param {number} [patience] in milliseconds
 */
export async function preload(manifest, patience = PATIENCE) {
	const { nodes, routes, matchers, remotes = {} } = '_' in manifest ? manifest._ : manifest;
	const endpoints = routes.map(({ endpoint }) => endpoint);
	const others = [matchers, ...endpoints, ...Object.values(remotes)].filter((load) => load != null);
	const imports = [...nodes.map((load) => () => node(load)), ...others];

	/** @type {NodeJS.Timeout | undefined} */
	let timer;
	const enough = new Promise((resolve) => (timer = setTimeout(resolve, patience)));
	// what fails here fails again, and is told, for whoever asks for the route
	await Promise.race([Promise.allSettled(imports.map((load) => load())), enough]);
	clearTimeout(timer);
}

/**
 * The files of a node import its component when it is first rendered.
 * @param {Load} load
 */
async function node(load) {
	const { component } = await load();
	await component?.();
}
