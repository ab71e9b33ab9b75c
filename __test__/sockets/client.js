/** A WebSocket client of another make, whose messages wait until they are asked for. */
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { Waiting } from '../harness/waiting.js';

/** @typedef {{ port: number }} Server */

export class Client extends Waiting {
	/** @type {Array<string | Buffer>} received and not yet taken */
	#inbox = [];
	/** @type {{ code: number, reason: string } | null} */
	closed = null;

	/** @param {WebSocket} socket */
	constructor(socket) {
		super();
		this.socket = socket;
		/** @type {import('node:http').IncomingMessage | undefined} */
		this.response = undefined;
		socket.on('upgrade', (response) => (this.response = response));
		socket.on('message', (data, is_binary) => {
			this.#inbox.push(is_binary ? /** @type {Buffer} */ (data) : `${data}`);
			this.wake();
		});
		socket.on('close', (code, reason) => {
			this.closed = { code, reason: `${reason}` };
			this.wake();
		});
	}

	/**
	 * @param {Server} server
	 * @param {string} [target]
	 * @param {import('ws').ClientOptions & { protocols?: string[] }} [options]
	 * @returns {Promise<Client>} rejects with the status where it is refused
	 */
	static async open({ port }, target = '/ws', { protocols = [], ...options } = {}) {
		const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`, protocols, {
			// the server has no extension, and should say so by itself
			...options
		});
		const client = new Client(socket);
		await new Promise((resolve, reject) => {
			socket.once('open', resolve);
			socket.once('error', reject);
		});
		return client;
	}

	state() {
		return { closed: this.closed, inbox: this.#inbox.map(String) };
	}

	/** What has come, and from now on whatever comes is somebody else's to hear */
	taken() {
		return this.#inbox.splice(0);
	}

	/** The next message, text or bytes */
	next() {
		return this.until(() => {
			if (this.#inbox.length > 0) return this.#inbox.shift();
			if (this.closed !== null) throw new Error(`closed with ${JSON.stringify(this.closed)}`);
			return undefined;
		}, 'a message');
	}

	/** The next message, which is JSON */
	async json() {
		const next = await this.next();
		if (typeof next !== 'string') throw new Error('the message is binary');
		return JSON.parse(next);
	}

	/**
	 * The next event of that type; others before it are passed over
	 * @param {string} type
	 */
	async event(type) {
		for (;;) {
			const event = await this.json();
			if (event.type === type) return event;
		}
	}

	/** Events that have come until a marker, which is asked for now, comes back */
	async so_far() {
		const mark = `mark ${Math.random()}`;
		this.socket.send(mark);
		/** @type {Array<string | Buffer>} */
		const found = [];
		for (;;) {
			const next = await this.next();
			if (next === mark) return found;
			found.push(next);
		}
	}

	/** @param {unknown} data anything but text and bytes is sent as JSON */
	send(data) {
		const raw = typeof data === 'string' || data instanceof Uint8Array;
		this.socket.send(raw ? data : JSON.stringify(data));
	}

	/**
	 * Sends a command of the app's and waits for the event that answers it
	 * @param {string} name
	 * @param {Record<string, unknown>} args
	 * @param {string} type of the event
	 */
	async command(name, args, type) {
		this.send({ do: name, ...args });
		return (await this.event(type)).data;
	}

	/** One frame of a client and the answer with its number */
	async wish(frame) {
		this.send(frame);
		for (;;) {
			const event = await this.json();
			if (event.id === frame.id && `${event.type}`.startsWith('__')) return event;
		}
	}

	/** Waits for its end */
	end() {
		return this.until(() => this.closed ?? undefined, 'the end');
	}

	/** Says goodbye and waits for the answer */
	async leave(code = 1000, reason = '') {
		this.socket.close(code, reason);
		return this.end();
	}

	/** Lets a moment pass in which something that should not come would have come */
	static settle = () => pause(50);
}

/**
 * A handshake that is refused: its answer
 * @param {Server} server
 * @param {string} target
 * @param {import('ws').ClientOptions} [options]
 * @returns {Promise<{ status: number, headers: import('node:http').IncomingHttpHeaders, body: string }>}
 */
export function refused({ port }, target, options) {
	return new Promise((resolve, reject) => {
		const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`, options);
		socket.once('open', () => reject(new Error('the handshake was accepted')));
		socket.once('error', reject);
		socket.once('unexpected-response', async (_request, response) => {
			let body = '';
			for await (const chunk of response) body += chunk;
			resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
		});
	});
}
