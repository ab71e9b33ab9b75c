/**
 * SvelteKit's own server and its initialisation, which evaluates the user's code; the web
 * objects that exchanges are made of are in place before.
 */
import { base, dir, server } from '#svelte-adapter-oxide';
import { builtin } from './builtin.js';
import { native, settings } from './native.js';
import { install_text_encoder, text_encoder } from './text.js';
import { install } from './web/install.js';

const asset_dir = `${dir}/client${base}`;

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

export async function init() {
	if (settings.lightWebObjects) {
		install();
		install_text_encoder(text_encoder(native).encode);
	}
	await server.init({
		env: /** @type {Record<string, string>} */ (process.env),
		read
	});
}

export { server };
