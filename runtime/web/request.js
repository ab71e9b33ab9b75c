/**
 * The `Request` that SvelteKit sees: made from a wire record without a `Headers`, an
 * `AbortController` or a stream, each of which appears when it is first asked for. What is
 * rarely asked for is asked of a real `Request`, made then.
 */
import { read_json, read_text } from './body-text.js';
import { read_form } from './form.js';
import {
	NativeRequest,
	NativeResponse,
	made_like,
	mark_uncloneable,
	of_request,
	of_response
} from './natives.js';
import { LightRequestHeaders } from './request-headers.js';

/** @import { InboundBody } from '../body.js' */
/** @import { RequestRecord } from '../wire.js' */

/**
 * The methods and getters are found on the platform's prototype once `install` has run, so
 * each of them may be asked of a real request too. What this class does not have is asked
 * of the real request (`install.js`).
 */
export class LightRequest extends made_like(NativeRequest.prototype) {
	#record;
	#origin;
	/** @type {InboundBody | null} */
	#body;
	/** @type {string | undefined} */
	#url;
	/** @type {LightRequestHeaders | undefined} */
	#headers;
	/** @type {AbortController | undefined} */
	#controller;
	#aborted = false;
	/** A body reader has taken the bytes without a stream. */
	#consumed = false;
	/** @type {Request | undefined} */
	#real;

	/**
	 * @param {RequestRecord} record
	 * @param {string | null} origin in canonical form, `null` where only the parser can tell
	 * @param {InboundBody | null} body
	 */
	constructor(record, origin, body) {
		super();
		this.#record = record;
		this.#origin = origin;
		this.#body = body;
		mark_uncloneable(this);
	}

	/**
	 * The client has gone.
	 * @param {LightRequest} request
	 */
	static abort(request) {
		request.#aborted = true;
		request.#controller?.abort();
	}

	/** @param {unknown} value @returns {value is LightRequest} */
	static is(value) {
		return typeof value === 'object' && value !== null && #record in value;
	}

	/**
	 * The real request behind a light one; anything else as it is.
	 * @param {any} value
	 * @returns {any}
	 */
	static real(value) {
		return LightRequest.is(value) ? value.#as_real() : value;
	}

	/** @returns {Request} */
	#as_real() {
		if (this.#real === undefined) {
			const headers = this.#own_headers();
			this.#real = new NativeRequest(this.#own_url(), {
				method: this.#record.method,
				headers: LightRequestHeaders.real(headers),
				signal: this.#own_signal(),
				body: this.#body === null ? undefined : this.#body.stream,
				// @ts-expect-error required with a stream, unknown to TypeScript's DOM types
				duplex: 'half'
			});
			LightRequestHeaders.adopt(headers, Reflect.apply(of_request.headers, this.#real, []));
			// what has been read must not be readable again
			if (this.#consumed) {
				Reflect.apply(of_request.arrayBuffer, this.#real, []).catch(() => {});
			}
		}
		return this.#real;
	}

	get method() {
		if (!(#record in this)) return Reflect.apply(of_request.method, this, []);
		return this.#record.method;
	}

	get url() {
		if (!(#record in this)) return Reflect.apply(of_request.url, this, []);
		return this.#own_url();
	}

	#own_url() {
		if (this.#url === undefined) {
			const { canonical, origin, target } = this.#record;
			this.#url =
				canonical && this.#origin !== null ? this.#origin + target : new URL(origin + target).href;
		}
		return this.#url;
	}

	get headers() {
		if (!(#record in this)) return Reflect.apply(of_request.headers, this, []);
		return this.#own_headers();
	}

	#own_headers() {
		return (this.#headers ??= new LightRequestHeaders(this.#record.headers));
	}

	get signal() {
		if (!(#record in this)) return Reflect.apply(of_request.signal, this, []);
		return this.#own_signal();
	}

	#own_signal() {
		if (this.#controller === undefined) {
			this.#controller = new AbortController();
			if (this.#aborted) this.#controller.abort();
		}
		return this.#controller.signal;
	}

	get body() {
		if (#record in this && this.#body === null) return null;
		return Reflect.apply(of_request.body, LightRequest.real(this), []);
	}

	get bodyUsed() {
		if (#record in this && (this.#consumed || this.#real === undefined)) return this.#consumed;
		return Reflect.apply(of_request.bodyUsed, LightRequest.real(this), []);
	}

	/**
	 * The bytes, when a reader can have them without a stream.
	 * @param {any} request
	 * @returns {Uint8Array<ArrayBuffer> | null}
	 */
	static #take(request) {
		if (!LightRequest.is(request)) return null;
		if (request.#real !== undefined || request.#consumed || request.#body === null) return null;
		const whole = request.#body.whole;
		if (whole !== null) request.#consumed = true;
		return /** @type {Uint8Array<ArrayBuffer> | null} */ (whole);
	}

	text() {
		const bytes = LightRequest.#take(this);
		if (bytes !== null) return read_text(bytes);
		return Reflect.apply(of_request.text, LightRequest.real(this), []);
	}

	json() {
		const bytes = LightRequest.#take(this);
		if (bytes !== null) return read_json(bytes);
		return Reflect.apply(of_request.json, LightRequest.real(this), []);
	}

	arrayBuffer() {
		const bytes = LightRequest.#take(this);
		if (bytes !== null) return Promise.resolve(bytes.buffer);
		return Reflect.apply(of_request.arrayBuffer, LightRequest.real(this), []);
	}

	bytes() {
		const bytes = LightRequest.#take(this);
		if (bytes !== null) return Promise.resolve(bytes);
		return Reflect.apply(of_request.bytes, LightRequest.real(this), []);
	}

	formData() {
		const bytes = LightRequest.#take(this);
		if (bytes === null) return Reflect.apply(of_request.formData, LightRequest.real(this), []);
		const type = Reflect.apply(LightRequestHeaders.prototype.get, this.#own_headers(), [
			'content-type'
		]);
		const form = read_form(type, bytes);
		if (form !== null) return Promise.resolve(form);
		const headers = type === null ? undefined : { 'content-type': type };
		return Reflect.apply(of_response.formData, new NativeResponse(bytes, { headers }), []);
	}
}
