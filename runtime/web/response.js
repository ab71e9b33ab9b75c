/**
 * `Response` for what routes return: a text or bytes stay what they are until someone asks
 * for a stream, so that most responses reach Rust without one. What is out of the ordinary
 * is a real `Response` from the start (`install.js` decides by `LightResponse.create`).
 */
import { inspect } from 'node:util';
import { LightHeaders } from './headers.js';
import { NativeResponse, mark_uncloneable, real } from './natives.js';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const TEXT = 'text/plain;charset=UTF-8';

/** Statuses that allow no body (https://fetch.spec.whatwg.org/#null-body-status). */
const null_body = new Set([101, 103, 204, 205, 304]);

export class LightResponse {
	/** @type {string | Uint8Array<ArrayBuffer> | null} */
	#body;
	#status;
	#headers;
	#used = false;
	/** @type {Response | undefined} holds the body once someone has asked for a stream */
	#real;

	/**
	 * @param {string | Uint8Array<ArrayBuffer> | null} body
	 * @param {number} status
	 * @param {LightHeaders} headers
	 */
	constructor(body, status, headers) {
		this.#body = body;
		this.#status = status;
		this.#headers = headers;
		mark_uncloneable(this);
	}

	/**
	 * @param {unknown} body
	 * @param {unknown} init
	 * @param {string} [type] the content-type where `init` has none
	 * @returns {LightResponse | null} `null`: the real `Response` has to look at it
	 */
	static create(body, init, type = TEXT) {
		let status = 200;
		let headers_init;
		if (init !== undefined && init !== null) {
			if (typeof init !== 'object') return null;
			const given = /** @type {ResponseInit} */ (init);
			if (given.status !== undefined) status = given.status;
			if (!Number.isInteger(status) || status < 200 || status > 599) return null;
			if (given.statusText !== undefined && given.statusText !== '') return null;
			headers_init = given.headers;
		}
		const kept = keep(body);
		if (kept === undefined || (kept !== null && null_body.has(status))) return null;
		const headers = LightHeaders.from(headers_init);
		if (headers === null) return null;
		if (typeof kept === 'string' && !headers.has('content-type')) headers.set('content-type', type);
		return new LightResponse(kept, status, headers);
	}

	/**
	 * The body as it can go to Rust.
	 * @param {LightResponse} response
	 * @returns {string | Uint8Array | null | undefined} `undefined`: it has become a stream
	 */
	static body(response) {
		if (response.#real !== undefined || response.#used) return undefined;
		return response.#body;
	}

	/** @param {LightResponse} response */
	static headers(response) {
		return response.#headers;
	}

	/** @param {unknown} value @returns {value is LightResponse} */
	static is(value) {
		return typeof value === 'object' && value !== null && #status in value;
	}

	/** @returns {Response} */
	[real]() {
		if (this.#real === undefined) {
			this.#real = new NativeResponse(this.#body, {
				status: this.#status,
				headers: this.#headers[real]()
			});
			// what has been read must not be readable again
			if (this.#used) void this.#real.arrayBuffer();
		}
		return this.#real;
	}

	get type() {
		return /** @type {const} */ ('default');
	}

	get url() {
		return '';
	}

	get redirected() {
		return false;
	}

	get status() {
		return this.#status;
	}

	get ok() {
		return this.#status >= 200 && this.#status <= 299;
	}

	get statusText() {
		return '';
	}

	get headers() {
		return this.#headers;
	}

	get body() {
		return this.#body === null ? null : this[real]().body;
	}

	get bodyUsed() {
		return this.#used || (this.#real?.bodyUsed ?? false);
	}

	/**
	 * The body, when a reader can have it without a stream.
	 * @returns {string | Uint8Array<ArrayBuffer> | undefined}
	 */
	#take() {
		if (this.#real !== undefined || this.#used) return undefined;
		if (this.#body === null) return '';
		this.#used = true;
		return this.#body;
	}

	async text() {
		const body = this.#take();
		if (body === undefined) return this[real]().text();
		return typeof body === 'string' ? body.toWellFormed() : decoder.decode(body);
	}

	async json() {
		const body = this.#take();
		if (body === undefined) return this[real]().json();
		return JSON.parse(typeof body === 'string' ? body.toWellFormed() : decoder.decode(body));
	}

	async arrayBuffer() {
		return (await this.bytes()).buffer;
	}

	async bytes() {
		const body = this.#take();
		if (body === undefined) return new Uint8Array(await this[real]().arrayBuffer());
		return typeof body === 'string' ? encoder.encode(body) : body.slice();
	}

	/**
	 * A real response with this body and the headers of now, for readers that look at both.
	 * Bytes, because a text would bring a content-type of its own.
	 */
	#reread() {
		const body = this.#take();
		if (body === undefined) return this[real]();
		const bytes = typeof body === 'string' ? encoder.encode(body) : body;
		return new NativeResponse(this.#body === null ? null : bytes, {
			headers: this.#headers[real]()
		});
	}

	async blob() {
		return this.#reread().blob();
	}

	async formData() {
		return this.#reread().formData();
	}

	clone() {
		if (this.#real !== undefined || this.#used) {
			const init = { status: this.#status, headers: this.#headers[real]() };
			return new NativeResponse(this[real]().clone().body, init);
		}
		const headers = /** @type {LightHeaders} */ (LightHeaders.from(this.#headers));
		return new LightResponse(this.#body, this.#status, headers);
	}

	/**
	 * @param {number} depth
	 * @param {import('node:util').InspectOptions} options
	 */
	[inspect.custom](depth, options) {
		return inspect(this[real](), { ...options, depth });
	}
}

Object.setPrototypeOf(LightResponse.prototype, NativeResponse.prototype);

/**
 * A body that can be kept as it is, or a copy of bytes that their owner may still change.
 * @param {unknown} body
 * @returns {string | Uint8Array<ArrayBuffer> | null | undefined} `undefined`: none of these
 */
function keep(body) {
	if (typeof body === 'string') return body;
	if (body === undefined || body === null) return null;
	if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) return new Uint8Array(body);
	if (body instanceof ArrayBuffer && !body.resizable) return new Uint8Array(body.slice(0));
	return undefined;
}
