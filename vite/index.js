/**
 * The Vite plugin for development and preview. SvelteKit 3 gets it from the adapter by itself; with
 * SvelteKit 2, adapters cannot add plugins, so the app's `vite.config` lists it before `sveltekit()`:
 *
 * ```js
 * import { oxide } from 'svelte-adapter-oxide/vite';
 * export default { plugins: [oxide(), sveltekit()] };
 * ```
 */
import { remember_request } from '../adapter/emulate.js';

/** @returns {import('vite').Plugin} */
export function oxide() {
	return {
		name: 'svelte-adapter-oxide',
		configureServer(server) {
			server.middlewares.use(remember_request);
		},
		configurePreviewServer(server) {
			server.middlewares.use(remember_request);
		}
	};
}
