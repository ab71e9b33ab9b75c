/**
 * What `vite build` ends with: from SvelteKit's output to the folder that is deployed. This is the
 * order of the steps; how each is done is in the files around.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { copy_binaries, load, version } from './addon.js';
import { client_table, prerendered_table } from './assets.js';
import { oxide_js, oxide_json } from './handoff.js';
import { has_hooks_ws } from './hooks-ws.js';
import * as kit2 from './kit2.js';
import * as kit3 from './kit3.js';
import { measure } from './measure.js';

/**
 * The steps that differ between the two kits.
 * @typedef {object} Kit
 * @property {(builder: any) => import('./handoff.js').App} describe_app
 * @property {(builder: any, out: string, options: import('./options.js').Options) => Promise<string[]>} write_server
 */

/**
 * @param {import('@sveltejs/kit').Builder} builder
 * @param {import('./options.js').Options} options
 */
export async function adapt(builder, options) {
	// By what it can do: version strings say nothing about pre-releases and forks.
	const is_kit_3 = typeof builder.generateServerInstance === 'function';
	const kit = /** @type {Kit} */ (is_kit_3 ? kit3 : kit2);
	if (is_kit_3 && options.polyfill) {
		builder.log.minor('The polyfill option has no effect: SvelteKit 3 needs no polyfills');
	}

	const out = output_directory(options.out);
	const hooks_ws = has_hooks_ws(builder);
	// Before anything is deleted, because a missing binary ends the build here, as missing hooks do.
	const addon = await load();
	rmSync(out, { recursive: true, force: true });
	mkdirSync(out, { recursive: true });
	copy_binaries(out, options.platforms);

	const app = kit.describe_app(builder);
	const directories = [`client${app.base}`, `prerendered${app.base}`];
	builder.log.minor('Copying assets');
	builder.writeClient(join(out, directories[0]));
	builder.writePrerendered(join(out, directories[1]));
	const [client_files, prerendered_files] = await measure(
		addon,
		out,
		directories,
		options.encodings,
		builder.log
	);

	const server = await kit.write_server(builder, out, options);

	const build = randomUUID();
	const json = oxide_json({
		app,
		version,
		build,
		options,
		hooks_ws,
		client: client_table(client_files, app),
		prerendered: prerendered_table(prerendered_files, builder.prerendered.paths, app),
		routes: builder.routes
	});
	writeFileSync(join(out, 'oxide.json'), json);
	writeFileSync(join(out, 'oxide.js'), oxide_js(app, options, build, server, hooks_ws));
	writeFileSync(join(out, 'index.js'), `export * from './server/oxide-main.js';\n`);
	writeFileSync(join(out, 'handler.js'), `export * from './server/oxide-handler.js';\n`);
}

/**
 * The directory is emptied, so it must not be one the app itself lies in.
 * @param {string} out
 */
function output_directory(out) {
	const directory = resolve(out);
	const way_back = relative(directory, process.cwd());
	const is_apart = way_back === '..' || way_back.startsWith(`..${sep}`) || isAbsolute(way_back);
	if (!is_apart) {
		throw new Error(
			`svelte-adapter-oxide empties its output directory before writing, so \`out\` cannot be ${JSON.stringify(out)}, in which the app lies`
		);
	}
	return directory;
}
