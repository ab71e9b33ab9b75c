/**
 * A request to Vite's server from within its process, which no port and no certificate stands in
 * front of: its middlewares answer it as they answer anybody's.
 */
import { createServer, request } from 'node:http';
import { Duplex, PassThrough, Readable } from 'node:stream';

/** @typedef {import('vite').ViteDevServer | import('vite').PreviewServer} ViteServer */

/** Statuses whose answers have no body (https://fetch.spec.whatwg.org/#null-body-status). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** Connections of ours. @type {WeakSet<object>} */
const made = new WeakSet();

/**
 * Whether a request comes from here.
 * @param {import('node:http').IncomingMessage} req
 */
export const is_asked = ({ socket }) => made.has(socket);

/**
 * @param {ViteServer} server
 * @param {object} what
 * @param {string} what.url
 * @param {Headers} [what.headers]
 * @param {string} [what.address] that it comes from
 * @returns {Promise<Response>}
 */
export function ask({ middlewares }, { url, headers = new Headers(), address = '127.0.0.1' }) {
	const [up, down] = [new PassThrough(), new PassThrough()];
	const ours = Duplex.from({ readable: down, writable: up });
	const theirs = Duplex.from({ readable: up, writable: down });
	made.add(theirs);
	createServer(middlewares).emit('connection', Object.assign(theirs, { remoteAddress: address }));
	const { pathname, search } = new URL(url, 'http://localhost');
	return new Promise((resolve, reject) => {
		const asked = request({
			createConnection: () => ours,
			path: pathname + search,
			headers: { host: 'localhost', ...Object.fromEntries(headers) }
		});
		asked.on('error', reject);
		asked.on('response', (response) => {
			const { statusCode: status = 500, rawHeaders } = response;
			const lines = /** @type {[string, string][]} */ (
				rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1]]] : []))
			);
			const body = /** @type {ReadableStream} */ (Readable.toWeb(response));
			if (WITHOUT_BODY.has(status)) response.resume();
			resolve(new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers: lines }));
		});
		asked.end();
	});
}
