/**
 * From Vite's server on to the native one: the head of a request as the client wrote it, with what
 * only Vite's server knows of the client. Of a handshake, all that follows it as well: after a 101,
 * bytes both ways at the pace of whoever takes them. One that is refused has its answer and no
 * connection left.
 */
import { request } from 'node:http';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:stream').Duplex} Duplex */

/** Headers of an answer that speak of the connection between the two servers. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** In milliseconds: for a client that does not close what the server has closed. */
const LINGER = 2000;

/**
 * The native server.
 * @typedef {object} Native
 * @property {number} port
 * @property {import('../../runtime/arrival.js').Lines} lines
 */

/**
 * @param {IncomingMessage} req
 * @param {Native} to
 */
function repeat(req, { port, lines }) {
	return request({
		host: '127.0.0.1',
		port,
		agent: false,
		method: req.method,
		path: req.url,
		// in the order and spelling in which they came
		headers: /** @type {any} */ ([...told_by_client(req, lines), ...told_by_us(req, lines)])
	});
}

/**
 * A request without a body.
 * @param {IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {Native} to
 * @param {() => void} next where the native server has no answer
 */
export function forward(req, res, to, next) {
	const upstream = repeat(req, to);
	res.once('close', () => upstream.destroy());
	const broken = () => res.destroy();
	upstream.on('error', broken);
	upstream.on('response', (response) => {
		if (to.lines.address in response.headers) {
			upstream.off('error', broken);
			response.resume();
			next();
			return;
		}
		const { statusCode = 500, rawHeaders } = response;
		const kept = rawHeaders.filter(
			(_, at) => !HOP_BY_HOP.has(rawHeaders[at - (at % 2)].toLowerCase())
		);
		res.writeHead(statusCode, kept);
		res.flushHeaders();
		response.on('error', () => res.destroy());
		response.pipe(res);
	});
	upstream.end();
}

/**
 * @param {IncomingMessage} req
 * @param {import('node:net').Socket} socket
 * @param {Buffer} head what has come behind the handshake
 * @param {Native} to
 * @param {(status: number) => void} refused
 */
export function tunnel(req, socket, head, to, refused) {
	socket.setTimeout(0);
	socket.setNoDelay(true);
	const upstream = repeat(req, to);
	const lost = () => upstream.destroy();
	socket.once('close', lost);
	upstream.on('error', () => socket.destroy());
	upstream.on('upgrade', (response, stream, early) => {
		socket.off('close', lost);
		socket.write(
			head_of(response, () => true),
			'latin1'
		);
		socket.write(early);
		stream.write(head);
		join(socket, /** @type {import('node:net').Socket} */ (stream));
	});
	upstream.on('response', (response) => {
		const keep = (/** @type {string} */ name) => !HOP_BY_HOP.has(name) && name !== to.lines.address;
		const kept = head_of(response, keep, 'connection: close\r\n');
		refused(response.statusCode ?? 0);
		socket.write(kept, 'latin1');
		response.on('error', () => socket.destroy());
		response.pipe(socket);
		linger(socket);
	});
	upstream.end();
}

/**
 * @param {IncomingMessage} req
 * @param {import('../../runtime/arrival.js').Lines} lines
 */
function told_by_client({ rawHeaders }, lines) {
	const ours = Object.values(lines);
	return rawHeaders.filter((_, at) => !ours.includes(rawHeaders[at - (at % 2)].toLowerCase()));
}

/**
 * @param {IncomingMessage} req
 * @param {import('../../runtime/arrival.js').Lines} lines
 */
function told_by_us(req, lines) {
	const { remoteAddress = '', remotePort = 0 } = req.socket;
	return [
		...[lines.address, remoteAddress],
		...[lines.port, `${remotePort}`],
		...[lines.protocol, protocol_of(req)]
	];
}

/** @param {IncomingMessage} req */
const protocol_of = ({ socket }) => ('encrypted' in socket ? 'https' : 'http');

/**
 * Whether it comes from a page of another origin than that of Vite's server.
 * @param {IncomingMessage} req
 */
export function is_foreign(req) {
	const { origin, host } = req.headers;
	return origin !== undefined && origin !== `${protocol_of(req)}://${host}`;
}

/**
 * @param {IncomingMessage} response
 * @param {(name: string) => boolean} keep
 * @param {string} [more] lines
 */
function head_of({ statusCode, statusMessage, rawHeaders }, keep, more = '') {
	let text = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
	for (let at = 0; at < rawHeaders.length; at += 2) {
		if (keep(rawHeaders[at].toLowerCase())) text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
	}
	return `${text}${more}\r\n`;
}

/**
 * Each has what the other sends; one that breaks takes the other along, and the end of one is the
 * end of the other once it has taken all.
 * @param {import('node:net').Socket} client
 * @param {import('node:net').Socket} server
 */
function join(client, server) {
	server.setNoDelay(true);
	server.pipe(client);
	client.pipe(server);
	server.on('error', () => client.destroy());
	client.on('error', () => server.destroy());
	client.on('close', () => server.destroy());
	server.on('close', () => {
		// broken off, and not at an end
		if (!server.readableEnded) client.destroy();
		else linger(client);
	});
}

/** @param {import('node:net').Socket} socket that is sent nothing more once this is through */
function linger(socket) {
	if (!socket.writableFinished) {
		socket.once('finish', () => linger(socket));
		return;
	}
	const timer = setTimeout(() => socket.destroy(), LINGER);
	timer.unref();
	socket.once('close', () => clearTimeout(timer));
	// what still comes is read by nobody, but its end would not be seen otherwise
	socket.resume();
}
