/**
 * SvelteKit's own server and its initialisation, which evaluates the user's code; the web
 * objects that exchanges are made of are in place before. The hand-off brings the app along and is
 * therefore imported here and only when asked for: the main thread of a pool never does.
 */
import { builtin } from './builtin.js';
import { dir, native, settings } from './native.js';
import { preload } from './preload.js';
import { load_hooks } from './sockets/hooks.js';
import { install_text_encoder, text_encoder } from './text.js';
import { install } from './web/install.js';

/** @type {import('@sveltejs/kit').Server} */
export let server;

/** SvelteKit's major version. @type {2 | 3} */
export let kit;

/**
 * In development, Vite's server runs the app, and answers in the place of ours.
 * @param {import('@sveltejs/kit').Server['respond']} respond
 */
export function leave_the_app_to(respond) {
	kit = 3;
	server = /** @type {import('@sveltejs/kit').Server} */ (/** @type {unknown} */ ({ respond }));
}

/** Below it lie the files that `read` reads. */
let asset_dir = '';

/**
 * A file of the build for SvelteKit's `read`. SvelteKit exports the same, together with imports
 * that would make every start slower.
 * @param {string} file
 */
function read(file) {
	/** @type {typeof import('node:fs')} */
	const { createReadStream } = builtin('node:fs');
	/** @type {typeof import('node:stream')} */
	const { Readable } = builtin('node:stream');
	return /** @type {ReadableStream} */ (Readable.toWeb(createReadStream(`${asset_dir}/${file}`)));
}

/**
 * @param {string} [build] the name of the build that is wanted, where another may lie in its place
 */
export async function init(build) {
	const handoff = await import('#svelte-adapter-oxide');
	if (build !== undefined && handoff.build !== build) {
		throw new Error('the build folder was replaced while a worker of the old build started');
	}
	({ kit, server } = handoff);
	asset_dir = `${dir}/client${handoff.base}`;
	if (settings.lightWebObjects) {
		install();
		install_text_encoder(text_encoder(native).encode);
	}
	await server.init({
		env: /** @type {Record<string, string>} */ (process.env),
		read
	});
}

/** Imports the app's WebSocket hooks, where sockets are on. Has to come after `init`, as they are the app's code. */
export async function init_sockets() {
	if (settings.websocket !== undefined) await load_hooks(await import('#svelte-adapter-oxide'));
}

/** Imports what SvelteKit would import with the first request for each route. */
export async function init_routes() {
	const { manifest } = await import('#svelte-adapter-oxide');
	await preload(await manifest());
}
