/**
 * SvelteKit 2: an adapter cannot take part in the app's build, so the server that SvelteKit wrote
 * is bundled once more (`bundle.js`), together with the run-time entries.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lookup } from 'mrmime';
import { content_types } from './assets.js';
import { bundle_server } from './bundle.js';
import { instrumented_entries } from './entries.js';
import { HOOKS_WS } from './hooks-ws.js';

/**
 * What SvelteKit 2's builder has otherwise than SvelteKit 3's.
 * @typedef {Omit<import('@sveltejs/kit').Builder, 'config' | 'instrument'> & {
 *   config: { kit: { paths: { base: string } } },
 *   instrument(options: object): void
 * }} Builder
 */

/**
 * @param {Builder} builder
 * @returns {import('./handoff.js').App}
 */
export function describe_app(builder) {
	return {
		kit: 2,
		base: builder.config.kit.paths.base,
		app_path: builder.getAppPath(),
		// There is no `paths.origin` in SvelteKit 2.
		origin: undefined,
		content_type: content_types(mime_type)
	};
}

/**
 * SvelteKit 2 keeps the types it knows to itself. They are those of `mrmime`, which has none for
 * icons; SvelteKit 3 adds this one.
 * @param {string} extension
 */
function mime_type(extension) {
	return lookup(extension) ?? (extension.toLowerCase() === '.ico' ? 'image/x-icon' : undefined);
}

/**
 * @param {Builder} builder
 * @param {string} out
 * @param {import('./options.js').Options} options
 * @returns {Promise<string[]>} the lines of `oxide.js` that export `server`
 */
export async function write_server(builder, out, options) {
	const polyfill = options.polyfill ?? true;
	const server = join(out, 'server');
	const instrumentation = builder.hasServerInstrumentationFile();

	builder.log.minor('Bundling the server');
	await bundle_server({
		from: builder.getServerDirectory(),
		to: server,
		root: process.cwd(),
		instrumentation,
		hooks_ws: existsSync(join(builder.getServerDirectory(), `${HOOKS_WS}.js`)),
		polyfill
	});

	if (instrumentation) {
		for (const entry of instrumented_entries(server)) builder.instrument(entry);
	}

	return [
		// First, so that no code of the app runs without them.
		...(polyfill ? [`import './server/oxide-polyfills.js';`] : []),
		`import { Server } from './server/index.js';`,
		// under another name than the one it has among the hand-off's exports
		`import { manifest as loaded } from './server/manifest.js';`,
		`export const server = new Server(loaded);`
	];
}
