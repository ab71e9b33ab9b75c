/**
 * The run-time entries that a server build takes in, and the dependencies that it leaves out.
 * Common to both kits.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** With `/` on every system, as bundlers spell module ids, and with one at the end. */
const runtime_directory = fileURLToPath(new URL('../runtime/', import.meta.url)).replaceAll(
	'\\',
	'/'
);

/** File names in `build/server/`, without `.js`, and where they come from. */
export const runtime_entries = {
	'oxide-main': `${runtime_directory}main.js`,
	'oxide-handler': `${runtime_directory}handler.js`,
	'oxide-worker': `${runtime_directory}worker-main.js`
};

/** What `build/index.js` is imported for by scripts; adapter-node's names. */
const main_exports = ['path', 'host', 'port', 'server'];

/**
 * The entries that run the app's instrumentation before anything else: of the process, and of each
 * worker that has a thread of its own. Another server's process is for its owner to instrument.
 * @param {string} server the directory of a server build
 */
export function instrumented_entries(server) {
	return [
		{ entry: 'oxide-main', start: 'oxide-start', exports: main_exports },
		{ entry: 'oxide-worker', start: 'oxide-worker-start', exports: [] }
	].map(({ entry, start, exports }) => ({
		entrypoint: join(server, `${entry}.js`),
		instrumentation: join(server, 'instrumentation.server.js'),
		start: join(server, `${start}.js`),
		module: { exports }
	}));
}

/**
 * Names the chunks of a server build. The hand-off's path is right only in files that lie directly
 * in `build/server/`, so whatever holds a run-time module has to be one of them.
 * @param {(modules: string[]) => string} others the pattern for any other chunk
 * @returns {(chunk: { moduleIds: string[] }) => string}
 */
export function chunk_names(others) {
	return ({ moduleIds: modules }) =>
		modules.some((id) => id.startsWith(runtime_directory)) ? 'oxide-[name].js' : others(modules);
}

/**
 * The packages that are installed next to the build where it runs. npm installs optional
 * dependencies in production too, and a package that may be missing cannot be bundled anyway.
 * @param {string} root of the app
 */
export function production_dependencies(root) {
	const { dependencies, optionalDependencies } =
		/** @type {Record<string, Record<string, string> | undefined>} */ (
			JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
		);
	return [...new Set(Object.keys({ ...dependencies, ...optionalDependencies }))];
}
