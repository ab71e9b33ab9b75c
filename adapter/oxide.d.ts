// What `oxide.js` exports (`handoff.js` writes it), under the id by which `runtime/` imports it.
declare module '#svelte-adapter-oxide' {
	/** SvelteKit's `Server`, not yet initialised. */
	export const server: import('@sveltejs/kit').Server;
	/** Absolute path of the build directory. */
	export const dir: string;
	/** Names the run of `vite build` that wrote it. */
	export const build: string;
	/** Which code belongs to which route. */
	export const manifest: () => Promise<import('../runtime/preload.js').Manifest>;
	/** The app's `src/hooks.ws.js`, where it has one. */
	export const hooks_ws: (() => Promise<Record<string, unknown>>) | undefined;
	/** SvelteKit's major version. */
	export const kit: 2 | 3;
	/** `paths.base`. */
	export const base: string;
	/** `paths.origin`, where it was set at build time. */
	export const origin: string | undefined;
	/** The option `envPrefix`. */
	export const env_prefix: string;
}
