/**
 * A client of server-sent events that does what the standard says and no more: raw bytes in, events
 * out (WHATWG HTML, "Server-sent events").
 */
import net from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE } from '../harness/patience.js';
import { Waiting } from '../harness/waiting.js';

/** @typedef {{ port: number }} Server */
/** @typedef {{ id: string, type: string, data: string }} Event */

export class Stream extends Waiting {
	/** @type {Event[]} received and not yet taken */
	#inbox = [];
	/** Of the head, or of chunks: what is not understood yet */
	#bytes = Buffer.alloc(0);
	#decoder = new StringDecoder();
	#text = '';
	/** Status, headers and what follows them, once they have come */
	status = 0;
	/** @type {Record<string, string>} */
	headers = {};
	/** Of an answer that is no stream */
	body = '';
	/** The id of the last event */
	last_id = '';
	/** @type {number | undefined} in milliseconds, as the server asks for it */
	retry = undefined;
	comments = 0;
	ended = false;

	/** @param {net.Socket} socket */
	constructor(socket) {
		super();
		this.socket = socket;
		socket.on('data', (bytes) => {
			this.#bytes = Buffer.concat([this.#bytes, bytes]);
			if (this.status === 0) this.#read_head();
			if (this.status > 0) this.#read();
			this.wake();
		});
		for (const end of ['end', 'close', 'error']) {
			socket.on(end, () => {
				this.ended = true;
				this.wake();
			});
		}
	}

	/**
	 * @param {Server} server
	 * @param {string} target
	 * @param {Record<string, string>} [headers]
	 * @param {string} [version]
	 * @returns {Promise<Stream>} once its head has come
	 */
	static async open({ port }, target, headers = {}, version = 'HTTP/1.1') {
		const socket = net.connect({ port, host: '127.0.0.1' });
		const stream = new Stream(socket);
		const all = { host: 'example.test', accept: 'text/event-stream', ...headers };
		const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
		socket.write(`GET ${target} ${version}\r\n${lines.join('')}\r\n`);
		await stream.until(() => stream.status > 0 || undefined, 'a head');
		return stream;
	}

	#read_head() {
		const end = this.#bytes.indexOf('\r\n\r\n');
		if (end < 0) return;
		const [first, ...lines] = this.#bytes.toString('latin1', 0, end).split('\r\n');
		this.#bytes = this.#bytes.subarray(end + 4);
		this.status = Number(first.split(' ')[1]);
		for (const line of lines) {
			const [, name, value] = /** @type {RegExpExecArray} */ (/^([^:]+): (.*)$/.exec(line));
			this.headers[name.toLowerCase()] = value;
		}
	}

	/** The content that has come, without what frames it (RFC 9112, section 7.1) */
	#content() {
		if (this.headers['transfer-encoding'] !== 'chunked') {
			const all = this.#bytes;
			this.#bytes = Buffer.alloc(0);
			return all;
		}
		/** @type {Buffer[]} */
		const chunks = [];
		for (;;) {
			const line = this.#bytes.indexOf('\r\n');
			if (line < 0) break;
			const begin = line + 2;
			const end = begin + Number.parseInt(this.#bytes.toString('latin1', 0, line), 16);
			if (this.#bytes.length < end + 2) break;
			chunks.push(this.#bytes.subarray(begin, end));
			this.#bytes = this.#bytes.subarray(end + 2);
			// the last is empty, and its connection may be kept
			if (begin === end) this.ended = true;
		}
		return Buffer.concat(chunks);
	}

	#read() {
		this.#text += this.#decoder.write(this.#content());
		if (this.status !== 200) {
			this.body += this.#text;
			this.#text = '';
			return;
		}
		for (;;) {
			const end = this.#text.indexOf('\n\n');
			if (end < 0) return;
			this.#take(this.#text.slice(0, end).split('\n'));
			this.#text = this.#text.slice(end + 2);
		}
	}

	/** @param {string[]} lines */
	#take(lines) {
		let type = 'message';
		/** @type {string[]} */
		const data = [];
		for (const line of lines) {
			const [, name, value] = /** @type {RegExpExecArray} */ (/^([^:]*)(?:: ?(.*))?$/.exec(line));
			if (name === '') this.comments += 1;
			else if (name === 'data') data.push(value ?? '');
			else if (name === 'id') this.last_id = value;
			else if (name === 'event') type = value;
			else if (name === 'retry') this.retry = Number(value);
			else throw new Error(`what is ${line}?`);
		}
		if (data.length > 0) this.#inbox.push({ id: this.last_id, type, data: data.join('\n') });
	}

	state() {
		const { ended, status } = this;
		return { ended, status, inbox: this.#inbox, text: this.#text };
	}

	/** What has come */
	taken() {
		return this.#inbox.splice(0);
	}

	/** The next event */
	next() {
		return this.until(() => {
			if (this.#inbox.length > 0) return this.#inbox.shift();
			if (this.ended) throw new Error('the stream has ended');
			return undefined;
		}, 'an event');
	}

	/** The data of the next event, which is JSON */
	async json() {
		return JSON.parse((await this.next()).data);
	}

	/**
	 * The data of the next event that is JSON of that type; others before it are passed over
	 * @param {string} type
	 */
	async event(type) {
		for (;;) {
			const { data } = await this.next();
			const json = data.startsWith('{') ? JSON.parse(data) : {};
			if (json.type === type) return json;
		}
	}

	/** Waits for its end */
	end() {
		return this.until(() => this.ended || undefined, 'the end');
	}

	/** Says no goodbye, for there is none */
	close() {
		this.socket.destroy();
	}
}

/**
 * Waits until something holds
 * @param {() => Promise<unknown>} check
 */
export async function holds(check, limit = PATIENCE) {
	const until = Date.now() + limit;
	while (!(await check())) {
		if (Date.now() > until) throw new Error(`${check} does not hold`);
		await pause(20);
	}
}

/**
 * A stream that is refused: its answer
 * @param {Server} server
 * @param {string} target
 * @param {Record<string, string>} [headers]
 */
export async function refused(server, target, headers) {
	const stream = await Stream.open(server, target, headers);
	if (stream.status === 200) throw new Error('it was not refused');
	const length = Number(stream.headers['content-length'] ?? Infinity);
	await stream.until(() => stream.ended || stream.body.length >= length || undefined, 'the body');
	stream.close();
	const { status, headers: answered, body } = stream;
	return { status, headers: answered, body };
}
