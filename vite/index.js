/**
 * The Vite plugin for development and preview. SvelteKit 3 gets it from the adapter by itself; with
 * SvelteKit 2, adapters cannot add plugins, so the app's `vite.config` lists it before `sveltekit()`:
 *
 * ```js
 * import { oxide } from 'svelte-adapter-oxide/vite';
 * export default { plugins: [oxide(), sveltekit()] };
 * ```
 */
export { request_plugin as oxide } from '../adapter/emulate.js';
