/**
 * `svelte-adapter-oxide/client`: sockets in the browser. One connection for the page, opened
 * when something is first used. Importing it does nothing, in a browser or on a server.
 */
import { create_client } from './client.js';

export const {
	configure,
	count,
	latest,
	onMessage,
	onRequest,
	presence,
	reconnect,
	request,
	send,
	status,
	topic
} = create_client(/** @type {import('./link.js').Page} */ (globalThis));
