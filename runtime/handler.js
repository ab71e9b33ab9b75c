/**
 * `build/handler.js`: connect-style middleware for Express, Fastify (middie) and Polka. The
 * host server owns the socket and parses HTTP; the asset table and the rules for origins
 * are the native ones all the same.
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { getRequest, setResponse } from '@sveltejs/kit/node';
import { hub } from '../hub.js';
import { client_address } from './address.js';
import { init, server } from './app.js';
import { native, open, settings } from './native.js';
import { this_worker } from './this-worker.js';

open(true);
await init();

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 */

/**
 * @param {IncomingMessage} req
 * @param {ServerResponse} res
 * @param {(error?: unknown) => void} [next] for errors; every path is SvelteKit's to answer
 */
export function handler(req, res, next) {
	const answer = native.answer(req.method ?? 'GET', req.url ?? '/', req.rawHeaders);
	if (answer !== null) return send(answer, res);
	render(req, res).catch((error) => {
		if (next !== undefined) return next(error);
		console.error(`${req.method} ${req.url} failed:`, error);
		if (res.headersSent) res.destroy();
		else res.writeHead(500).end('Internal Server Error');
	});
}

/**
 * @param {import('../native/index.js').Answer} answer
 * @param {ServerResponse} res
 */
function send(answer, res) {
	res.writeHead(answer.status, answer.headers);
	if (answer.file === undefined || answer.length === 0) {
		res.end(answer.body);
		return;
	}
	const range = { start: answer.start, end: answer.start + answer.length - 1 };
	// the head is out: a file that cannot be read can only break the response, which
	// `pipeline` does
	pipeline(createReadStream(answer.file, range), res, () => {});
}

/**
 * @param {IncomingMessage} req
 * @param {ServerResponse} res
 */
async function render(req, res) {
	const request = await create_request(req, res);
	if (request === null) {
		res.writeHead(400, { 'content-type': 'text/plain;charset=utf-8' }).end('Bad Request');
		return;
	}
	const response = await server.respond(request, {
		// without sockets of ours, `hub` says so when it is called
		platform: /** @type {any} */ ({ req, worker: this_worker, hub }),
		getClientAddress: () =>
			client_address(
				(name) => /** @type {string | undefined} */ (req.headers[name]),
				req.socket.remoteAddress
			)
	});
	// on the Node response, since the headers of a fetched one cannot be changed
	if (response.headers.get('content-type') === 'text/event-stream') {
		res.setHeader('x-accel-buffering', 'no');
	}
	await setResponse(res, response);
}

/**
 * @param {IncomingMessage} req
 * @param {ServerResponse} res
 */
async function create_request(req, res) {
	try {
		return await getRequest({
			request: req,
			response: res,
			base: native.requestOrigin(req.rawHeaders),
			bodySizeLimit: settings.bodyLimit
		});
	} catch (error) {
		console.error(
			`${req.method} ${req.url} refused:`,
			error instanceof Error ? error.message : error
		);
		return null;
	}
}
