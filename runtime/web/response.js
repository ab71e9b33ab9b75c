/**
 * `Response` for what routes return: a text or bytes stay what they are until someone asks
 * for a stream, so that most responses reach Rust without one. What is out of the ordinary
 * is a real `Response` from the start (`install.js` decides by `LightResponse.create`).
 */
import { builtin } from '../builtin.js';
import { read_json, read_text } from './body-text.js';
import { LightHeaders } from './headers.js';
import {
	NativeResponse,
	made_like,
	mark_uncloneable,
	native_json,
	of_headers,
	of_response
} from './natives.js';

/** @type {typeof import('node:util')} */
const { types } = builtin('node:util');

const encoder = new TextEncoder();

const TEXT = 'text/plain;charset=UTF-8';

/** Statuses that allow no body (https://fetch.spec.whatwg.org/#null-body-status). */
const null_body = new Set([101, 103, 204, 205, 304]);

/**
 * The methods and getters are found on the platform's prototype once `install` has run, so
 * each of them may be asked of a real response too. What this class does not have is asked
 * of the real response (`install.js`).
 */
export class LightResponse extends made_like(NativeResponse.prototype) {
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
		super();
		this.#body = body;
		this.#status = status;
		this.#headers = headers;
		mark_uncloneable(this);
	}

	/**
	 * @param {unknown} body
	 * @param {unknown} init
	 * @returns {LightResponse | null} `null`: the real `Response` has to look at it
	 */
	static create(body, init) {
		const status = plain_status(init);
		if (status === null) return null;
		const kept = keep(body);
		if (kept === undefined || (kept !== null && null_body.has(status))) return null;
		const headers = LightHeaders.from(/** @type {any} */ (init)?.headers);
		if (headers === null) return null;
		const response = new LightResponse(kept, status, headers);
		if (typeof kept === 'string') LightHeaders.add_type(headers, TEXT);
		return response;
	}

	/**
	 * @param {unknown} data
	 * @param {unknown} init
	 * @returns {LightResponse | null} `null`: the real `Response` has to look at it
	 */
	static json(data, init) {
		const status = init === null ? null : plain_status(init);
		if (status === null || null_body.has(status)) return null;
		const headers = LightHeaders.from(/** @type {any} */ (init)?.headers);
		if (headers === null) return null;
		// last, as it must run once: what `data` does in its `toJSON` can be observed
		const text = JSON.stringify(data);
		// throws: there is no JSON for it
		if (text === undefined) return /** @type {any} */ (native_json.call(NativeResponse, undefined));
		LightHeaders.add_type(headers, 'application/json');
		return new LightResponse(text, status, headers);
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

	/**
	 * The real response behind a light one, with the headers of now; anything else as it is.
	 * @param {any} value
	 * @returns {any}
	 */
	static real(value) {
		if (!LightResponse.is(value)) return value;
		const made = value.#real !== undefined;
		const response = value.#as_real();
		if (made) replace_headers(response, value.#headers);
		return response;
	}

	/** @returns {Response} */
	#as_real() {
		if (this.#real === undefined) {
			const headers = LightHeaders.real(this.#headers);
			// a text brings a content-type, which may have been deleted since
			const typed = Reflect.apply(of_headers.has, headers, ['content-type']);
			const body = typeof this.#body === 'string' && !typed ? encode(this.#body) : this.#body;
			this.#real = new NativeResponse(body, { status: this.#status, headers });
			// what has been read must not be readable again
			if (this.#used) void Reflect.apply(of_response.arrayBuffer, this.#real, []);
		}
		return this.#real;
	}

	get type() {
		if (!(#status in this)) return Reflect.apply(of_response.type, this, []);
		return /** @type {const} */ ('default');
	}

	get url() {
		if (!(#status in this)) return Reflect.apply(of_response.url, this, []);
		return '';
	}

	get redirected() {
		if (!(#status in this)) return Reflect.apply(of_response.redirected, this, []);
		return false;
	}

	get status() {
		if (!(#status in this)) return Reflect.apply(of_response.status, this, []);
		return this.#status;
	}

	get ok() {
		if (!(#status in this)) return Reflect.apply(of_response.ok, this, []);
		return this.#status >= 200 && this.#status <= 299;
	}

	get statusText() {
		if (!(#status in this)) return Reflect.apply(of_response.statusText, this, []);
		return '';
	}

	get headers() {
		if (!(#status in this)) return Reflect.apply(of_response.headers, this, []);
		return this.#headers;
	}

	get body() {
		if (!(#status in this)) return Reflect.apply(of_response.body, this, []);
		return this.#body === null ? null : Reflect.apply(of_response.body, this.#as_real(), []);
	}

	get bodyUsed() {
		if (!(#status in this)) return Reflect.apply(of_response.bodyUsed, this, []);
		if (this.#used || this.#real === undefined) return this.#used;
		return Reflect.apply(of_response.bodyUsed, this.#real, []);
	}

	/**
	 * The body, when a reader can have it without a stream.
	 * @param {any} response
	 * @returns {string | Uint8Array<ArrayBuffer> | undefined}
	 */
	static #take(response) {
		if (!LightResponse.is(response)) return undefined;
		if (response.#real !== undefined || response.#used) return undefined;
		if (response.#body === null) return '';
		response.#used = true;
		return response.#body;
	}

	text() {
		const body = LightResponse.#take(this);
		if (body !== undefined) return read_text(body);
		return Reflect.apply(of_response.text, LightResponse.real(this), []);
	}

	json() {
		const body = LightResponse.#take(this);
		if (body !== undefined) return read_json(body);
		return Reflect.apply(of_response.json, LightResponse.real(this), []);
	}

	arrayBuffer() {
		const body = LightResponse.#take(this);
		if (body !== undefined) return Promise.resolve(own_bytes(body).buffer);
		return Reflect.apply(of_response.arrayBuffer, LightResponse.real(this), []);
	}

	bytes() {
		const body = LightResponse.#take(this);
		if (body !== undefined) return Promise.resolve(own_bytes(body));
		return Reflect.apply(of_response.bytes, LightResponse.real(this), []);
	}

	clone() {
		if (#status in this && this.#real === undefined && !this.#used) {
			return new LightResponse(this.#body, this.#status, LightHeaders.clone(this.#headers));
		}
		return Reflect.apply(of_response.clone, LightResponse.real(this), []);
	}
}

/**
 * The status that `init` gives, if all it gives but headers is plain.
 * @param {any} init
 * @returns {number | null} `null`: the real `Response` has to look at it
 */
function plain_status(init) {
	if (init === undefined || init === null) return 200;
	// how often and in which order a proxy is asked can be observed
	if (typeof init !== 'object' || types.isProxy(init)) return null;
	const status = init.status ?? (init.status === undefined ? 200 : null);
	if (!Number.isInteger(status) || status < 200 || status > 599) return null;
	const { statusText } = init;
	return statusText === undefined || statusText === '' ? status : null;
}

/**
 * @param {Response} response
 * @param {LightHeaders} headers
 */
function replace_headers(response, headers) {
	const present = Reflect.apply(of_response.headers, response, []);
	for (const name of [...Reflect.apply(of_headers.keys, present, [])]) {
		Reflect.apply(of_headers.delete, present, [name]);
	}
	LightHeaders.pour(headers, present);
}

/** @param {string} text */
const encode = (text) => encoder.encode(text);

/**
 * Bytes that are the caller's to change.
 * @param {string | Uint8Array<ArrayBuffer>} body
 */
const own_bytes = (body) => (typeof body === 'string' ? encode(body) : body.slice());

/**
 * A body that can be kept as it is, or a copy of bytes that their owner may still change.
 * @param {unknown} body
 * @returns {string | Uint8Array<ArrayBuffer> | null | undefined} `undefined`: none of these
 */
function keep(body) {
	if (typeof body === 'string') return body;
	if (body === undefined || body === null) return null;
	// by what it is, which a proxy or a changed prototype cannot pretend
	const bytes = types.isUint8Array(body) ? body : types.isArrayBuffer(body) ? body : null;
	// what is empty may have been detached, and then cannot be copied
	if (bytes === null || bytes.byteLength === 0) return undefined;
	const buffer = types.isArrayBuffer(bytes) ? bytes : bytes.buffer;
	// shared and resizable memory is taken or refused as this version of Node sees fit
	if (!types.isArrayBuffer(buffer) || buffer.resizable) return undefined;
	return new Uint8Array(types.isArrayBuffer(bytes) ? bytes.slice(0) : bytes);
}
