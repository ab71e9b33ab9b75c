/**
 * SvelteKit 3: the run-time entries are further inputs of the app's own SSR build, so that they
 * and the app share every module and nothing is bundled a second time. What is known only after
 * that build reaches them through the hand-off, `oxide.js`, which stays an import to its end.
 */
import { join } from 'node:path';
import { content_types } from './assets.js';
import {
	chunk_names,
	instrumented_entries,
	production_dependencies,
	runtime_entries
} from './entries.js';
import { HANDOFF_ID, HANDOFF_PATH } from './handoff.js';

/** @typedef {import('@sveltejs/kit').Builder} Builder */

/** @returns {import('vite').Plugin} */
export function server_build_plugin() {
	return {
		name: 'svelte-adapter-oxide:server',
		apply: 'build',
		config(config) {
			return {
				// The app's SvelteKit, wherever the importer lies: our package may be linked from elsewhere.
				resolve: { dedupe: ['@sveltejs/kit'] },
				ssr: {
					// All but the production dependencies is bundled, so that the output runs without the
					// others. A dependency that vite-plugin-svelte or the user wants bundled has a reason:
					// only the build knows its export conditions.
					noExternal: true,
					external: production_dependencies(config.root ?? process.cwd()).filter(
						(name) => !is_listed(config.ssr?.noExternal, name)
					)
				},
				environments: {
					ssr: {
						build: {
							rolldownOptions: {
								input: runtime_entries,
								external: [HANDOFF_ID],
								output: {
									paths: { [HANDOFF_ID]: HANDOFF_PATH },
									chunkFileNames: chunk_names(() => 'chunks/[name].js')
								}
							}
						}
					}
				}
			};
		}
	};
}

/**
 * @param {Builder} builder
 * @returns {import('./handoff.js').App}
 */
export function describe_app(builder) {
	const { base, origin } = builder.config.paths;
	const types = builder.mimeTypes;
	return {
		kit: 3,
		base,
		app_path: builder.getAppPath(),
		origin: origin || undefined,
		content_type: content_types((extension) => types[extension])
	};
}

/**
 * @param {Builder} builder
 * @param {string} out
 * @returns {Promise<string[]>} the lines of `oxide.js` that export `server`
 */
export async function write_server(builder, out) {
	const server = builder.getServerDirectory();
	builder.generateServerInstance(join(server, 'server.js'));

	if (builder.hasServerInstrumentationFile()) {
		// Before the copy, because the initializer imports its neighbours in SvelteKit's output.
		const initializer = builder.createInstrumentationInitializer({ outputDirectory: server });
		for (const entry of instrumented_entries(server)) {
			builder.instrument({ ...entry, initializer });
		}
	}

	builder.copy(server, join(out, 'server'));
	return [`export { server } from './server/server.js';`];
}

/**
 * @param {true | string | RegExp | Array<string | RegExp> | undefined} rules
 * @param {string} name
 */
function is_listed(rules, name) {
	if (rules === true || rules === undefined) return false;
	return [rules]
		.flat()
		.some((rule) => (typeof rule === 'string' ? rule === name : rule.test(name)));
}
