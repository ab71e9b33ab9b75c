/**
 * Request headers that are parsed when first read. `get` and `has`, which is all that most
 * requests need, work on the wire's own text; everything else is the real `Headers`, made
 * then.
 */
import { parse_headers } from '../header-lines.js';
import { lower_token } from './header-syntax.js';
import { LightKind } from './light-kind.js';
import { NativeHeaders, mark_uncloneable, of_headers } from './natives.js';

/** @param {any} value */
const is_light = (value) => LightKind.of(value) === LightKind.REQUEST;

/**
 * The methods are found on the platform's prototype once `install` has run, so each of them
 * may be asked of a real object too.
 */
export class LightRequestHeaders extends LightKind {
	#lines;
	/** @type {Map<string, string> | undefined} */
	#parsed;
	/** @type {Headers | undefined} */
	#real;

	/** @param {string} lines */
	constructor(lines) {
		super(LightKind.REQUEST);
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

	/**
	 * The real object behind a light one; anything else as it is.
	 * @param {any} value
	 * @returns {any}
	 */
	static real(value) {
		if (!is_light(value)) return value;
		return (value.#real ??= new NativeHeaders([...value.#map]));
	}

	get #map() {
		return (this.#parsed ??= parse_headers(this.#lines));
	}

	/** @param {string} name */
	get(name) {
		if (is_light(this) && this.#real === undefined && typeof name === 'string') {
			const value = this.#map.get(name);
			// joining an empty value leaves white space that `Headers` would not keep
			if (value !== undefined) return value.endsWith(' ') ? value.trimEnd() : value;
			if (lower_token.test(name)) return null;
		}
		return Reflect.apply(of_headers.get, LightRequestHeaders.real(this), arguments);
	}

	/** @param {string} name */
	has(name) {
		if (is_light(this) && this.#real === undefined && typeof name === 'string') {
			if (this.#map.has(name)) return true;
			if (lower_token.test(name)) return false;
		}
		return Reflect.apply(of_headers.has, LightRequestHeaders.real(this), arguments);
	}

	append() {
		return Reflect.apply(of_headers.append, LightRequestHeaders.real(this), arguments);
	}

	delete() {
		return Reflect.apply(of_headers.delete, LightRequestHeaders.real(this), arguments);
	}

	set() {
		return Reflect.apply(of_headers.set, LightRequestHeaders.real(this), arguments);
	}

	getSetCookie() {
		return Reflect.apply(of_headers.getSetCookie, LightRequestHeaders.real(this), arguments);
	}

	entries() {
		return Reflect.apply(of_headers.entries, LightRequestHeaders.real(this), arguments);
	}

	keys() {
		return Reflect.apply(of_headers.keys, LightRequestHeaders.real(this), arguments);
	}

	values() {
		return Reflect.apply(of_headers.values, LightRequestHeaders.real(this), arguments);
	}

	/** @param {(value: string, name: string, headers: Headers) => void} callback */
	forEach(callback) {
		const headers = LightRequestHeaders.real(this);
		if (headers === this || typeof callback !== 'function') {
			return Reflect.apply(of_headers.forEach, headers, arguments);
		}
		const this_arg = arguments[1];
		for (const [name, value] of Reflect.apply(of_headers.entries, headers, [])) {
			Reflect.apply(callback, this_arg, [value, name, this]);
		}
	}
}
