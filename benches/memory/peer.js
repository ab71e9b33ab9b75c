/**
 * One WebSocket of the memory bench, seen from the client: opened by hand, so that ten thousand of
 * them are cheap, and then silent but for the pongs it owes (RFC 6455 5.5.2).
 */

import net from 'node:net';
import { once } from 'node:events';

/** A pong without a payload, under a mask of zeros. */
const PONG = Buffer.of(0x8a, 0x80, 0, 0, 0, 0);

/** A server's ping without a payload, as those of both servers here. */
const PING = Buffer.of(0x89, 0);

/** @param {string} text of less than 126 bytes */
const frame = (text) =>
	Buffer.concat([Buffer.of(0x81, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text, 'latin1')]);

/**
 * @typedef {object} Opening
 * @property {number} port
 * @property {string} source address the connection comes from
 * @property {string | null} greeting sent once it is open
 */

/**
 * @param {Opening} opening
 * @returns {Promise<net.Socket>}
 */
export async function open_peer({ port, source: localAddress, greeting }) {
	const host = '127.0.0.1';
	const socket = net.connect({ host, port, localAddress });
	socket.write(
		`GET /ws HTTP/1.1\r\nhost: ${host}:${port}\r\norigin: http://${host}:${port}\r\n` +
			'upgrade: websocket\r\nconnection: Upgrade\r\n' +
			'user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n' +
			'accept-language: en-US,en;q=0.9\r\ncookie: session=0123456789abcdef0123456789abcdef\r\n' +
			'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n'
	);
	const [head] = /** @type {[Buffer]} */ (await once(socket, 'data'));
	if (!head.toString('latin1').startsWith('HTTP/1.1 101')) {
		throw new Error(`no WebSocket: ${head.toString('latin1').split('\r\n')[0]}`);
	}
	socket.on('data', (bytes) => {
		if (bytes.includes(PING)) socket.write(PONG);
	});
	if (greeting !== null) socket.write(frame(greeting));
	return socket;
}
