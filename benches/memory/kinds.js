/**
 * The requests of the memory bench: what a server meets in a day, the unpleasant part
 * included. Each kind resolves when its exchange is over as it should be and rejects with
 * what was wrong. How often each comes is decided by the weights.
 */

import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * @typedef {object} Target
 * @property {number} port
 * @property {http.Agent} agent
 * @property {number} turn counts the requests of a run, so that each asks for something new
 *
 * @typedef {object} Kind
 * @property {number} weight
 * @property {boolean} [rough] the client misbehaves
 * @property {(target: Target) => Promise<unknown>} run
 */

/**
 * @param {Target} target
 * @param {string} path
 * @param {http.RequestOptions & { body?: Buffer, status?: number }} [options]
 */
async function ask({ port, agent }, path, { body, status = 200, ...options } = {}) {
	const request = http.request({ host: '127.0.0.1', port, agent, path, ...options });
	request.end(body);
	const [response] = /** @type {[http.IncomingMessage]} */ (await once(request, 'response'));
	let length = 0;
	for await (const chunk of response) length += chunk.length;
	if (response.statusCode !== status) throw new Error(`${path}: status ${response.statusCode}`);
	return length;
}

/**
 * @param {Target} target
 * @param {string} path
 * @param {string[]} accepts
 */
export const get = (target, path, accepts = ['gzip, br', 'identity']) =>
	ask(target, path, { headers: { 'accept-encoding': accepts[target.turn % accepts.length] } });

/**
 * @param {Target} target
 * @param {number} size
 */
async function echo(target, size) {
	const body = Buffer.alloc(size, `${target.turn},`);
	const headers = { 'content-type': 'application/octet-stream', 'content-length': size };
	const length = await ask(target, '/echo', { method: 'POST', headers, body });
	if (length !== size) throw new Error(`/echo: ${length} of ${size} bytes came back`);
}

/**
 * Begins a request and leaves, over a connection that is good for nothing afterwards.
 * @param {Target} target
 * @param {string} head
 * @param {(socket: net.Socket) => Promise<unknown>} stay what happens before it goes
 */
async function leave({ port }, head, stay) {
	const socket = net.connect({ host: '127.0.0.1', port });
	// the server may close first, which is an answer too
	socket.on('error', () => {});
	await once(socket, 'connect');
	socket.write(`${head}\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
	await stay(socket);
	socket.resetAndDestroy();
}

/** @param {net.Socket} socket */
const first_bytes = (socket) => Promise.race([once(socket, 'data'), once(socket, 'close')]);

/**
 * Reads a large answer in pieces with pauses between them.
 * @param {Target} target
 * @param {string} path
 */
async function read_slowly({ port }, path) {
	const request = http.get({ host: '127.0.0.1', port, path, agent: false });
	const [response] = /** @type {[http.IncomingMessage]} */ (await once(request, 'response'));
	let pauses = 0;
	for await (const _ of response) if (pauses++ < 20) await wait(100);
}

/** @type {Record<string, Kind>} */
export const KINDS = {
	ssr: { weight: 16, run: (target) => get(target, `/?turn=${target.turn}`) },
	load: { weight: 12, run: (target) => get(target, `/load?page=${target.turn % 5000}`) },
	json: { weight: 20, run: (target) => get(target, `/json?q=${target.turn}`) },
	static: { weight: 20, run: (target) => get(target, '/grid.css') },
	prerendered: { weight: 10, run: (target) => get(target, '/prerendered') },
	post: { weight: 8, run: (target) => echo(target, 1024) },
	upload: { weight: 1, run: (target) => echo(target, 64 * 1024 + (target.turn % 256) * 1024) },
	stream: { weight: 4, run: (target) => get(target, '/stream?chunks=100') },
	missing: {
		weight: 2,
		run: (target) => ask(target, `/missing/${target.turn}`, { status: 404 })
	},
	churn: {
		weight: 4,
		rough: true,
		run: (target) => ask({ ...target, agent: new http.Agent() }, '/json?q=churn')
	},
	aborted_stream: {
		weight: 1,
		rough: true,
		run: (target) => leave(target, 'GET /stream?chunks=100000 HTTP/1.1', first_bytes)
	},
	aborted_render: {
		weight: 1,
		rough: true,
		run: (target) => leave(target, 'GET /load HTTP/1.1', () => wait(target.turn % 3))
	},
	aborted_upload: {
		weight: 1,
		rough: true,
		run: (target) =>
			leave(target, 'POST /echo HTTP/1.1\r\ncontent-length: 100000', async (socket) => {
				socket.write(Buffer.alloc(30_000));
				await wait(20);
			})
	},
	slow: { weight: 0.3, rough: true, run: (target) => read_slowly(target, '/stream?chunks=20000') }
};
