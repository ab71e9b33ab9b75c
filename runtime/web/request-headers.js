/**
 * Request headers that are parsed when first read. `get` and `has`, which is all that most
 * requests need, work on the wire's own text; everything else is the real `Headers`, made
 * then.
 */
import { inspect } from 'node:util';
import { parse_headers } from '../header-lines.js';
import { NativeHeaders, mark_uncloneable, real } from './natives.js';

/** Characters of an HTTP token in lower case (RFC 9110, 5.6.2); other names go to the real one. */
const simple_name = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

export class LightRequestHeaders {
	#lines;
	/** @type {Map<string, string> | undefined} */
	#parsed;
	/** @type {Headers | undefined} */
	#real;

	/** @param {string} lines */
	constructor(lines) {
		this.#lines = lines;
		mark_uncloneable(this);
	}

	/**
	 * From now on these are the headers of a real request, so that changes reach it.
	 * @param {LightRequestHeaders} headers
	 * @param {Headers} of_request
	 */
	static adopt(headers, of_request) {
		headers.#real = of_request;
	}

	get #map() {
		return (this.#parsed ??= parse_headers(this.#lines));
	}

	/** @returns {Headers} */
	[real]() {
		return (this.#real ??= new NativeHeaders([...this.#map]));
	}

	/**
	 * @param {'append' | 'delete' | 'get' | 'has' | 'set'} method
	 * @param {IArguments} args
	 * @returns {any}
	 */
	#ask(method, args) {
		return Reflect.apply(NativeHeaders.prototype[method], this[real](), args);
	}

	/** @param {string} name */
	get(name) {
		if (this.#real === undefined && typeof name === 'string') {
			const value = this.#map.get(name);
			if (value !== undefined) return value;
			if (simple_name.test(name)) return null;
		}
		return this.#ask('get', arguments);
	}

	/** @param {string} name */
	has(name) {
		if (this.#real === undefined && typeof name === 'string') {
			if (this.#map.has(name)) return true;
			if (simple_name.test(name)) return false;
		}
		return this.#ask('has', arguments);
	}

	append() {
		return this.#ask('append', arguments);
	}

	delete() {
		return this.#ask('delete', arguments);
	}

	set() {
		return this.#ask('set', arguments);
	}

	getSetCookie() {
		return this[real]().getSetCookie();
	}

	entries() {
		return this[real]().entries();
	}

	keys() {
		return this[real]().keys();
	}

	values() {
		return this[real]().values();
	}

	/**
	 * @param {(value: string, name: string, headers: Headers) => void} callback
	 * @param {unknown} [this_arg]
	 */
	forEach(callback, this_arg) {
		if (typeof callback !== 'function') return this[real]().forEach(callback);
		for (const [name, value] of this[real]()) {
			callback.call(this_arg, value, name, /** @type {any} */ (this));
		}
	}

	[Symbol.iterator]() {
		return this[real]().entries();
	}

	/**
	 * @param {number} depth
	 * @param {import('node:util').InspectOptions} options
	 */
	[inspect.custom](depth, options) {
		return inspect(this[real](), { ...options, depth });
	}
}

// `instanceof Headers` holds, and what is added to `Headers.prototype` is found
Object.setPrototypeOf(LightRequestHeaders.prototype, NativeHeaders.prototype);
