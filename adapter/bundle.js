/**
 * Bundles a server that SvelteKit 2 has written with everything that is not installed where it
 * will run, so that the output needs the app's production dependencies only.
 *
 * The bundler is the app's own Vite, 5 to 8: it is there in any case, and it reads CommonJS, JSON
 * and export conditions as it did when it built the app. Every file of SvelteKit's output stays a
 * file of its own at its own place: put together anew, files can come to import each other in a
 * circle, and a top-level await in it then waits forever.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chunk_names, production_dependencies, runtime_entries } from './entries.js';
import { HANDOFF_ID, HANDOFF_PATH } from './handoff.js';
import { HOOKS_WS } from './hooks-ws.js';

/** @typedef {import('vite').Plugin} Plugin */

const POLYFILLS = '\0oxide-polyfills';

/**
 * @param {object} job
 * @param {string} job.from SvelteKit's server directory
 * @param {string} job.to
 * @param {string} job.root the app's directory
 * @param {boolean} job.instrumentation whether there is an `instrumentation.server.js`
 * @param {boolean} job.hooks_ws whether there is an `oxide-hooks-ws.js`
 * @param {boolean} job.polyfill whether to write `oxide-polyfills.js`
 */
export async function bundle_server({ from, to, root, instrumentation, hooks_ws, polyfill }) {
	const server = from.replaceAll('\\', '/').replace(/\/?$/, '/');
	/** @type {Record<string, string>} */
	const input = {
		...runtime_entries,
		index: `${server}index.js`,
		manifest: `${server}manifest.js`
	};
	if (instrumentation) input['instrumentation.server'] = `${server}instrumentation.server.js`;
	if (hooks_ws) input[HOOKS_WS] = `${server}${HOOKS_WS}.js`;
	if (polyfill) input['oxide-polyfills'] = POLYFILLS;

	const { build } = await import_vite(root);
	await build({
		root,
		mode: 'production',
		configFile: false,
		// No `.env` is there: what the app was built with must not be read anew. (`envFile: false`, which
		// says so, is not known to all versions.)
		envDir: from,
		publicDir: false,
		logLevel: 'warn',
		// Inline, or Vite would look for the app's PostCSS configuration and run it.
		css: { postcss: { plugins: [] } },
		plugins: [keep_files(server, new Set(Object.values(input))), polyfills, leave_missing],
		// The app's SvelteKit, wherever the importer lies: our package may be linked from elsewhere.
		resolve: { dedupe: ['@sveltejs/kit'] },
		ssr: { noExternal: true, target: 'node' },
		build: {
			ssr: true,
			outDir: to,
			emptyOutDir: false,
			copyPublicDir: false,
			minify: false,
			reportCompressedSize: false,
			sourcemap: true,
			// The code was made for its Node by the first build; a lower target refuses top-level await.
			target: 'esnext',
			// CommonJS is read wherever it lies: a linked workspace package is not below node_modules.
			// Modules run when they are required and not before, as they do in Node.
			commonjsOptions: { include: [/\.c?js$/], exclude: [below(server)], strictRequires: true },
			// The first build has expanded what it could. What is left is meant for Node.
			dynamicImportVarsOptions: { exclude: [/./] },
			rollupOptions: {
				input,
				external: [HANDOFF_ID, ...production_dependencies(root).map(package_and_below)],
				output: {
					format: 'es',
					entryFileNames: '[name].js',
					chunkFileNames: chunk_names((modules) => chunk_name(modules, server)),
					paths: { [HANDOFF_ID]: HANDOFF_PATH }
				}
			}
		}
	});
}

/**
 * Makes an entry of each file of SvelteKit's output once it turns out to be used, which is what
 * keeps it apart from the others, and hands on its source map.
 * @param {string} server
 * @param {Set<string>} input
 * @returns {Plugin}
 */
function keep_files(server, input) {
	return {
		name: 'svelte-adapter-oxide:keep-files',
		enforce: 'pre',
		load(id) {
			if (!id.startsWith(server)) return null;
			if (!input.has(id)) {
				this.emitFile({
					type: 'chunk',
					id,
					fileName: id.slice(server.length),
					preserveSignature: 'allow-extension'
				});
			}
			const map = `${id}.map`;
			return {
				code: readFileSync(id, 'utf8'),
				map: existsSync(map) ? readFileSync(map, 'utf8') : null
			};
		}
	};
}

/**
 * Rolldown moves an entry that others import into a chunk beside the entry. That chunk stays in
 * the folder the code was in, so that what it derives from `import.meta.url` stays right.
 * @param {string[]} modules
 * @param {string} server
 */
function chunk_name(modules, server) {
	const own = modules.find((id) => id.startsWith(server));
	const folder = own ? posix.dirname(own.slice(server.length)) : 'vendor';
	return posix.join(folder, '[name]-[hash].js');
}

/** @type {Plugin} */
const polyfills = {
	name: 'svelte-adapter-oxide:polyfills',
	enforce: 'pre',
	resolveId: (id) => (id === POLYFILLS ? id : null),
	load: (id) =>
		id === POLYFILLS
			? `import { installPolyfills } from '@sveltejs/kit/node/polyfills';\ninstallPolyfills();\n`
			: null
};

/**
 * Comes last, for what Vite has not found. A package that is not there may be an optional one that
 * its importer can do without, so it is left to Node, which only looks when it gets there.
 * @type {Plugin}
 */
const leave_missing = {
	name: 'svelte-adapter-oxide:leave-missing',
	enforce: 'post',
	resolveId(id, importer) {
		if (!importer || !is_package(id)) return null;
		this.warn(`${id}, imported by ${importer}, was not found and will be looked for at run time`);
		return { id, external: true };
	}
};

/**
 * A specifier that names a package: neither a path nor a URL nor a virtual module.
 * @param {string} id
 */
function is_package(id) {
	return /^(@[\w.~-]+\/)?[\w~-][\w.~-]*(\/|$)/.test(id);
}

/**
 * Dependencies are imported by their name or by a path in them.
 * @param {string} name
 */
function package_and_below(name) {
	return new RegExp(`^${escaped(name)}(/|$)`);
}

/** @param {string} directory with `/` at its end */
function below(directory) {
	return new RegExp(`^${escaped(directory)}`);
}

/** @param {string} text */
function escaped(text) {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * @param {string} root
 * @returns {Promise<typeof import('vite')>}
 */
async function import_vite(root) {
	const manifest = createRequire(join(root, 'package.json')).resolve('vite/package.json');
	const { exports } = JSON.parse(readFileSync(manifest, 'utf8'));
	// `require.resolve('vite')` would find the CommonJS entry of Vite 5, which complains about itself.
	const entry = for_import(exports['.']);
	return import(pathToFileURL(join(manifest, '..', entry)).href);
}

/**
 * @param {any} target of an `exports` field
 * @returns {string}
 */
function for_import(target) {
	return typeof target === 'string' ? target : for_import(target.import ?? target.default);
}
