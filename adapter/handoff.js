/**
 * Writes the two hand-offs of a build: `oxide.json`, which Rust reads (`src/config/handoff.rs` is
 * its schema, to the letter), and `oxide.js`, which the run-time JavaScript imports.
 */
import { HOOKS_WS } from './hooks-ws.js';

/** Must equal `FORMAT` in `src/config/handoff.rs`. */
export const FORMAT = 1;

/**
 * The module id that `runtime/` imports. It is left unresolved by the build and rewritten to
 * where `oxide.js` lies as seen from `build/server/`.
 */
export const HANDOFF_ID = '#svelte-adapter-oxide';
export const HANDOFF_PATH = '../oxide.js';

/**
 * What both kits know about an app, in one shape.
 * @typedef {object} App
 * @property {2 | 3} kit
 * @property {string} base
 * @property {string} app_path
 * @property {string | undefined} origin
 * @property {import('./assets.js').ContentType} content_type
 */

/**
 * @param {object} parts
 * @param {App} parts.app
 * @param {string} parts.version of this package
 * @param {string} parts.build its name; two builds may differ in their server code alone
 * @param {import('./options.js').Options} parts.options
 * @param {boolean} parts.hooks_ws whether the app has WebSocket hooks
 * @param {ReturnType<typeof import('./assets.js').client_table>} parts.client
 * @param {ReturnType<typeof import('./assets.js').prerendered_table>} parts.prerendered
 * @param {import('@sveltejs/kit').RouteDefinition[]} parts.routes
 */
export function oxide_json({
	app,
	version,
	build,
	options,
	hooks_ws,
	client,
	prerendered,
	routes
}) {
	return JSON.stringify({
		format: FORMAT,
		package: version,
		build,
		kit: app.kit,
		base: app.base,
		appPath: app.app_path,
		origin: app.origin ?? null,
		envPrefix: options.env_prefix,
		options: options.run_time,
		hooksWs: hooks_ws,
		assets: client.entries,
		aliases: client.aliases,
		prerendered,
		routes: routes.map(describe_route)
	});
}

/**
 * The routes come in the order in which SvelteKit tries them, and stay in it.
 * @param {import('@sveltejs/kit').RouteDefinition} route
 */
function describe_route(route) {
	return {
		id: route.id,
		pattern: route.pattern.source,
		methods: route.methods,
		page: route.page.methods.length > 0,
		api: route.api.methods.length > 0,
		prerender: route.prerender === true,
		config: plain(route)
	};
}

/**
 * `export const config` may hold anything; what JSON cannot carry is a mistake worth a name.
 * @param {import('@sveltejs/kit').RouteDefinition} route
 */
function plain({ id, config }) {
	try {
		return JSON.parse(JSON.stringify(config ?? {}));
	} catch (cause) {
		throw new Error(
			`svelte-adapter-oxide: the \`config\` export of route ${id} has to be plain data: ${
				cause instanceof Error ? cause.message : cause
			}`,
			{ cause }
		);
	}
}

/**
 * @param {App} app
 * @param {import('./options.js').Options} options
 * @param {string} build its name
 * @param {string[]} server lines that export `server`, SvelteKit's `Server`
 * @param {boolean} hooks_ws whether the app has WebSocket hooks
 */
export function oxide_js(app, options, build, server, hooks_ws) {
	return [
		`import { dirname } from 'node:path';`,
		`import { fileURLToPath } from 'node:url';`,
		...server,
		`export const dir = dirname(fileURLToPath(import.meta.url));`,
		`export const build = ${JSON.stringify(build)};`,
		`export const manifest = async () => (await import('./server/manifest.js')).manifest;`,
		hooks_ws
			? `export const hooks_ws = () => import('./server/${HOOKS_WS}.js');`
			: `export const hooks_ws = undefined;`,
		`export const kit = ${app.kit};`,
		`export const base = ${JSON.stringify(app.base)};`,
		`export const origin = ${JSON.stringify(app.origin)};`,
		`export const env_prefix = ${JSON.stringify(options.env_prefix)};`,
		''
	].join('\n');
}
