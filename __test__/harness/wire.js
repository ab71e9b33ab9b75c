/**
 * A TCP client that does exactly what it is told: sends these bytes now, waits for those,
 * half-closes, vanishes. Every wait has a limit.
 */
import net from 'node:net';
import { parse_response } from './parse.js';
import { PATIENCE } from './patience.js';
import { Waiting } from './waiting.js';

/** @typedef {import('./parse.js').WireResponse} WireResponse */
/** @typedef {{ port: number, socket?: string }} Address */

export class Connection extends Waiting {
	/** Received and not yet taken as a response */
	#received = Buffer.alloc(0);
	/** @type {Buffer[]} */
	#arriving = [];
	/** The server said that it sends nothing more, or the connection broke */
	ended = false;
	/** @type {string | undefined} */
	error;

	/** @param {net.Socket} socket */
	constructor(socket) {
		super();
		this.socket = socket;
		socket.on('data', (chunk) => {
			this.#arriving.push(chunk);
			this.wake();
		});
		socket.on('end', () => {
			this.ended = true;
			this.wake();
		});
		socket.on('error', (error) => {
			this.error = /** @type {NodeJS.ErrnoException} */ (error).code ?? error.message;
			this.ended = true;
			this.wake();
		});
		socket.on('close', () => {
			this.ended = true;
			this.wake();
		});
	}

	/**
	 * @param {Address} address
	 * @returns {Promise<Connection>}
	 */
	static open({ port, socket: socket_path }) {
		return new Promise((fulfil, reject) => {
			// half-open, so that reading goes on after our own FIN and the other way round
			const socket = net.connect(
				socket_path
					? { path: socket_path, allowHalfOpen: true }
					: { port, host: '127.0.0.1', allowHalfOpen: true }
			);
			socket.setNoDelay(true);
			socket.once('error', reject);
			socket.once('connect', () => {
				socket.off('error', reject);
				fulfil(new Connection(socket));
			});
		});
	}

	/** What came in and was not taken yet */
	get received() {
		if (this.#arriving.length) {
			this.#received = Buffer.concat([this.#received, ...this.#arriving]);
			this.#arriving = [];
		}
		return this.#received;
	}

	/** @param {string | Uint8Array} bytes strings are sent as latin1 */
	send(bytes) {
		if (this.socket.destroyed || this.socket.writableEnded) return;
		this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
	}

	state() {
		return { received: this.received.subarray(0, 300).toString('latin1') };
	}

	/**
	 * The next response, or null when the connection ends without one
	 * @param {string} [method]
	 * @param {number} [timeout]
	 * @returns {Promise<WireResponse | null>}
	 */
	response(method = 'GET', timeout = PATIENCE) {
		return this.until(
			() => {
				const ended = this.ended;
				const taken = parse_response(this.received, method, ended);
				if (taken) {
					this.#received = this.received.subarray(taken.length);
					return taken.response;
				}
				return ended ? null : undefined;
			},
			`the response to ${method}`,
			timeout
		);
	}

	/**
	 * Waits until the bytes that were received and not taken contain `text`
	 * @param {string} text
	 * @param {number} [timeout]
	 */
	async sees(text, timeout = PATIENCE) {
		const found = await this.until(
			() => {
				if (this.received.includes(text, 0, 'latin1')) return true;
				return this.ended ? false : undefined;
			},
			JSON.stringify(text),
			timeout
		);
		if (!found) throw new Error(`the connection ended before ${JSON.stringify(text)} came`);
	}

	/**
	 * Waits until the server has ended the connection
	 * @param {number} [timeout]
	 */
	async end_of_stream(timeout = PATIENCE) {
		await this.until(() => this.ended || undefined, 'the end of the connection', timeout);
	}

	/** Sends FIN, goes on reading */
	finish() {
		this.socket.end();
	}

	/** Goes away like a process that was killed: pending data is answered with RST */
	vanish() {
		this.socket.resetAndDestroy();
	}

	close() {
		this.socket.destroy();
	}
}

/**
 * One request on a connection of its own
 * @param {Address} address
 * @param {string | Uint8Array} bytes
 * @param {{ method?: string, timeout?: number }} [options]
 * @returns {Promise<WireResponse>}
 */
export async function exchange(address, bytes, { method, timeout } = {}) {
	const connection = await Connection.open(address);
	try {
		connection.send(bytes);
		const response = await connection.response(
			method ?? /^[A-Z]+/.exec(bytes.toString())?.[0],
			timeout
		);
		if (!response) throw new Error(`no response (${connection.error ?? 'closed'})`);
		return response;
	} finally {
		connection.close();
	}
}

/**
 * GET as text, for control routes of the app
 * @param {Address} address
 * @param {string} target
 */
export async function fetch_text(address, target) {
	const response = await exchange(
		address,
		`GET ${target} HTTP/1.1\r\nhost: example.test\r\nconnection: close\r\n\r\n`
	);
	return response.body.toString('utf8');
}
