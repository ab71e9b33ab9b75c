/**
 * SvelteKit's own server and its initialisation, which evaluates the user's code; the web
 * objects that exchanges are made of are in place before.
 */
import { createReadableStream } from '@sveltejs/kit/node';
import { base, dir, server } from '#svelte-adapter-oxide';
import { native, settings } from './native.js';
import { install_text_encoder, text_encoder } from './text.js';
import { install } from './web/install.js';

const asset_dir = `${dir}/client${base}`;

export async function init() {
	if (settings.lightWebObjects) {
		install();
		install_text_encoder(text_encoder(native).encode);
	}
	await server.init({
		env: /** @type {Record<string, string>} */ (process.env),
		read: (file) => createReadableStream(`${asset_dir}/${file}`)
	});
}

export { server };
