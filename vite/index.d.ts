import type { Plugin } from 'vite';

/**
 * Gives `event.platform.req` in `vite dev` and `vite preview` the request at hand, serves WebSockets
 * and the hub there with the adapter's options, and takes `src/hooks.ws.js` into the build. SvelteKit 3
 * gets it from the adapter by itself; with SvelteKit 2, list it before `sveltekit()` in `vite.config`.
 */
export function oxide(): Plugin[];
