/**
 * `src/hooks.ws.js`, the app's WebSocket hooks, as a further entry of the app's own server build:
 * only there do `$lib`, `$env` and `$app/server` mean what they mean in the rest of the app, and only
 * so is a module that both import one module. With SvelteKit 2, the plugin comes from the app's
 * `vite.config`, since adapters cannot add any.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** The entry's file in a server build, without `.js`. */
export const HOOKS_WS = 'oxide-hooks-ws';

const NAME = 'hooks.ws';

/** SvelteKit's own default; version 2 takes no others. */
const EXTENSIONS = ['.js', '.ts'];

/**
 * What is read of SvelteKit's configuration; version 2 has it one level deeper.
 * @typedef {{ files?: { src?: string }, moduleExtensions?: string[] }} Config
 */

/**
 * @param {Config | { kit?: Config } | undefined} config
 * @param {string} root of the app
 * @returns {string | null} where the hooks are, if the app has any
 */
export function find_hooks_ws(config, root) {
	const { files, moduleExtensions = EXTENSIONS } = /** @type {Config} */ (
		(config && 'kit' in config ? config.kit : config) ?? {}
	);
	const src = resolve(root, files?.src ?? 'src');
	if (!existsSync(src)) return null;
	const found = readdirSync(src).find((file) =>
		moduleExtensions.some((extension) => file === NAME + extension)
	);
	return found === undefined ? null : join(src, found);
}

/** @returns {import('vite').Plugin} */
export function hooks_ws_plugin() {
	/** @type {import('vite').ResolvedConfig} */
	let config;
	return {
		name: 'svelte-adapter-oxide:hooks-ws',
		apply: 'build',
		configResolved(resolved) {
			config = resolved;
		},
		// not as an input in `config`, which each kit writes in a way of its own
		buildStart() {
			// before Vite 6 there are no environments
			const is_server = this.environment?.name === 'ssr' || Boolean(config.build.ssr);
			if (!is_server || this.environment?.name === 'client') return;
			const kit = config.plugins.find(({ name }) => name === 'vite-plugin-sveltekit-setup');
			const file = find_hooks_ws(kit?.api?.options, config.root);
			if (file === null) return;
			this.emitFile({
				type: 'chunk',
				id: file,
				fileName: `${HOOKS_WS}.js`,
				preserveSignature: 'allow-extension'
			});
		}
	};
}

/**
 * @param {import('@sveltejs/kit').Builder} builder
 * @returns {boolean} whether the server build has WebSocket hooks
 * @throws if the app has some that are not in it
 */
export function has_hooks_ws(builder) {
	if (existsSync(join(builder.getServerDirectory(), `${HOOKS_WS}.js`))) return true;
	const root = process.cwd();
	const file = find_hooks_ws(/** @type {any} */ (builder.config), root);
	if (file === null) return false;
	throw new Error(
		`svelte-adapter-oxide: ${relative(root, file)} is not in the server build. With SvelteKit 2, ` +
			`vite.config needs the plugin: \`import { oxide } from 'svelte-adapter-oxide/vite'\` and ` +
			`\`plugins: [oxide(), sveltekit()]\`.`
	);
}
