/**
 * The Vite plugins for development, preview and WebSockets. SvelteKit 3 gets them from the adapter by itself; with
 * SvelteKit 2, adapters cannot add plugins, so the app's `vite.config` lists it before `sveltekit()`:
 *
 * ```js
 * import { oxide } from 'svelte-adapter-oxide/vite';
 * export default { plugins: [oxide(), sveltekit()] };
 * ```
 */
import { sockets_plugin } from '../adapter/dev/plugin.js';
import { request_plugin } from '../adapter/emulate.js';
import { hooks_ws_plugin } from '../adapter/hooks-ws.js';

/** @type {typeof import('./index.js').oxide} */
export const oxide = () => [request_plugin(), sockets_plugin(), hooks_ws_plugin()];
