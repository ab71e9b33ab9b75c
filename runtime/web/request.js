/**
 * The `Request` that SvelteKit sees: made from a wire record without a `Headers`, an
 * `AbortController` or a stream, each of which appears when it is first asked for. What is
 * rarely asked for is asked of a real `Request`, made then.
 */
import { inspect } from 'node:util';
import { LightRequestHeaders } from './request-headers.js';
import { NativeRequest, NativeResponse, mark_uncloneable, real } from './natives.js';

/** @import { InboundBody } from '../body.js' */
/** @import { RequestRecord } from '../wire.js' */

const decoder = new TextDecoder();

export class LightRequest {
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

	/** @returns {Request} */
	[real]() {
		if (this.#real === undefined) {
			this.#real = new NativeRequest(this.url, {
				method: this.#record.method,
				headers: /** @type {any} */ (this.headers)[real](),
				signal: this.signal,
				body: this.#body === null ? undefined : this.#body.stream,
				// @ts-expect-error required with a stream, unknown to TypeScript's DOM types
				duplex: 'half'
			});
			LightRequestHeaders.adopt(this.headers, this.#real.headers);
			// what has been read must not be readable again
			if (this.#consumed) void this.#real.arrayBuffer().catch(() => {});
		}
		return this.#real;
	}

	get method() {
		return this.#record.method;
	}

	get url() {
		if (this.#url === undefined) {
			const { canonical, origin, target } = this.#record;
			this.#url =
				canonical && this.#origin !== null ? this.#origin + target : new URL(origin + target).href;
		}
		return this.#url;
	}

	get headers() {
		return (this.#headers ??= new LightRequestHeaders(this.#record.headers));
	}

	get signal() {
		if (this.#controller === undefined) {
			this.#controller = new AbortController();
			if (this.#aborted) this.#controller.abort();
		}
		return this.#controller.signal;
	}

	get body() {
		return this.#body === null ? null : this[real]().body;
	}

	get bodyUsed() {
		return this.#consumed || (this.#real?.bodyUsed ?? false);
	}

	/**
	 * The bytes, when a reader can have them without a stream.
	 * @returns {Uint8Array<ArrayBuffer> | null}
	 */
	#take() {
		if (this.#real !== undefined || this.#consumed || this.#body === null) return null;
		const whole = this.#body.whole;
		if (whole !== null) this.#consumed = true;
		return /** @type {Uint8Array<ArrayBuffer> | null} */ (whole);
	}

	async text() {
		const bytes = this.#take();
		return bytes === null ? this[real]().text() : decoder.decode(bytes);
	}

	async json() {
		const bytes = this.#take();
		return bytes === null ? this[real]().json() : JSON.parse(decoder.decode(bytes));
	}

	async arrayBuffer() {
		const bytes = this.#take();
		return bytes === null ? this[real]().arrayBuffer() : bytes.buffer;
	}

	async bytes() {
		return new Uint8Array(await this.arrayBuffer());
	}

	async blob() {
		return this[real]().blob();
	}

	async formData() {
		const bytes = this.#take();
		if (bytes === null) return this[real]().formData();
		const type = this.headers.get('content-type');
		const headers = type === null ? undefined : { 'content-type': type };
		return new NativeResponse(bytes, { headers }).formData();
	}

	clone() {
		return this[real]().clone();
	}

	/**
	 * @param {number} depth
	 * @param {import('node:util').InspectOptions} options
	 */
	[inspect.custom](depth, options) {
		return inspect(this[real](), { ...options, depth });
	}
}

for (const name of /** @type {const} */ ([
	'cache',
	'credentials',
	'destination',
	'duplex',
	'integrity',
	'isHistoryNavigation',
	'isReloadNavigation',
	'keepalive',
	'mode',
	'redirect',
	'referrer',
	'referrerPolicy'
])) {
	Object.defineProperty(LightRequest.prototype, name, {
		configurable: true,
		enumerable: true,
		get() {
			return this[real]()[name];
		}
	});
}

Object.setPrototypeOf(LightRequest.prototype, NativeRequest.prototype);
