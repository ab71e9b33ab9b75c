/**
 * `Headers` for responses: a map until something asks for more than a map can do. Names and
 * values that are plainly valid are taken as they are; the rest is judged by the real
 * `Headers`, which normalises or throws as the Fetch standard says.
 */
import { builtin } from '../builtin.js';
import { LightIterator } from './header-iterator.js';
import { is_plain_value, key_of } from './header-syntax.js';
import { LightKind } from './light-kind.js';
import { NativeHeaders, mark_uncloneable, of_headers } from './natives.js';
import { LightRequestHeaders } from './request-headers.js';

/** @type {typeof import('node:util')} */
const { types } = builtin('node:util');

const SET_COOKIE = 'set-cookie';

/**
 * What a plain object's names are to the platform: Node takes those that are not enumerable
 * too, which the standard does not.
 */
const names_of = new NativeHeaders(Object.defineProperty({}, 'a', { value: '' })).has('a')
	? Object.getOwnPropertyNames
	: Object.keys;

/** @param {any} value */
const is_light = (value) => LightKind.of(value) === LightKind.RESPONSE;

/** Whoever is no light headers object is request headers or a real one. */
const others = LightRequestHeaders.prototype;

/**
 * Name and value as the real `Headers` would keep them; throws what it would throw.
 * @param {string} name
 * @param {string} value
 * @returns {[string, string]}
 */
function normalise(name, value) {
	const headers = new NativeHeaders();
	Reflect.apply(of_headers.append, headers, [name, value]);
	return Reflect.apply(of_headers.entries, headers, []).next().value;
}

/**
 * Throws what the real `Headers` throws when arguments are missing.
 * @param {'append' | 'delete' | 'get' | 'has' | 'set'} method
 * @param {IArguments} args
 * @returns {any}
 */
function too_few(method, args) {
	return Reflect.apply(of_headers[method], new NativeHeaders(), args);
}

/**
 * The methods are found on the platform's prototype once `install` has run, so each of them
 * may be asked of any other headers too.
 */
export class LightHeaders extends LightKind {
	/** @type {Map<string, string>} by name in lower case; of cookies it holds the place */
	#values = new Map();
	/** @type {Map<string, string> | null} names as they were given, where not in lower case */
	#given = null;
	/** @type {string[]} */
	#cookies = [];
	/** @type {Array<[string, string]> | null} the entries in order, until something changes */
	#list = null;

	constructor() {
		super(LightKind.RESPONSE);
		mark_uncloneable(this);
	}

	/**
	 * The lines that cross to Rust, in the order in which the real one iterates.
	 * @param {LightHeaders} headers
	 */
	static lines(headers) {
		const names = [...headers.#values.keys()];
		if (names.length > 1) names.sort();
		let lines = '';
		for (const name of names) {
			if (name === SET_COOKIE) {
				for (const cookie of headers.#cookies) lines += `${SET_COOKIE}\n${cookie}\n`;
			} else {
				lines += `${name}\n${headers.#values.get(name)}\n`;
			}
		}
		return lines;
	}

	/**
	 * Copies what `init` holds if that needs none of the standard's conversions.
	 * @param {unknown} init
	 * @returns {LightHeaders | null} `null`: the real `Headers` has to look at it
	 */
	static from(init) {
		if (init === undefined) return new LightHeaders();
		if (typeof init !== 'object' || init === null) return null;
		// how often and in which order a proxy is asked can be observed
		if (types.isProxy(init)) return null;
		const prototype = Object.getPrototypeOf(init);
		if (prototype === Object.prototype || prototype === null) {
			return LightHeaders.#from_record(init);
		}
		// who changed the way they iterate wants that to be used
		if (
			prototype !== NativeHeaders.prototype ||
			/** @type {any} */ (init)[Symbol.iterator] !== LightHeaders.prototype.entries
		) {
			return null;
		}
		const kind = LightKind.of(init);
		if (kind === LightKind.RESPONSE) return LightHeaders.copy(/** @type {any} */ (init));
		if (kind !== LightKind.REQUEST) return null;
		const headers = new LightHeaders();
		for (const [name, value] of Reflect.apply(others.entries, init, [])) {
			headers.#append(name, value);
		}
		return headers;
	}

	/**
	 * @param {object} record
	 * @returns {LightHeaders | null}
	 */
	static #from_record(record) {
		if (Symbol.iterator in record || Object.getOwnPropertySymbols(record).length > 0) return null;
		const headers = new LightHeaders();
		for (const name of names_of(record)) {
			// the platform's conversion loses it on the way
			if (name === '__proto__') return null;
			headers.#append(name, /** @type {any} */ (record)[name]);
		}
		return headers;
	}

	/** @param {LightHeaders} original */
	static copy(original) {
		const headers = LightHeaders.clone(original);
		for (const [name, value] of original.#values) {
			// joining values can leave white space that a copy loses
			if (value.endsWith(' ')) headers.#values.set(name, normalise(name, value)[1]);
		}
		return headers;
	}

	/**
	 * The same to the letter.
	 * @param {LightHeaders} original
	 */
	static clone(original) {
		const headers = new LightHeaders();
		headers.#cookies = [...original.#cookies];
		if (original.#given !== null) headers.#given = new Map(original.#given);
		headers.#values = new Map(original.#values);
		return headers;
	}

	/**
	 * The content-type of a body, where none was given.
	 * @param {LightHeaders} headers
	 * @param {string} type
	 */
	static add_type(headers, type) {
		if (headers.#values.has('content-type')) return;
		headers.#list = null;
		headers.#values.set('content-type', type);
	}

	/**
	 * A real one that says the same; anything that is not light as it is.
	 * @param {any} value
	 * @returns {any}
	 */
	static real(value) {
		if (!is_light(value)) return LightRequestHeaders.real(value);
		const headers = new NativeHeaders();
		LightHeaders.pour(value, headers);
		return headers;
	}

	/**
	 * Appends all of them to real headers.
	 * @param {LightHeaders} from
	 * @param {Headers} into
	 */
	static pour(from, into) {
		for (const [key, value] of from.#values) {
			const name = from.#given?.get(key) ?? key;
			if (key === SET_COOKIE) {
				for (const cookie of from.#cookies) Reflect.apply(of_headers.append, into, [name, cookie]);
				continue;
			}
			// what ends in white space has been joined with nothing, and has to be again
			const ended = /(?:, )*$/.exec(value);
			Reflect.apply(of_headers.append, into, [name, value.slice(0, ended?.index)]);
			for (let at = ended?.[0].length ?? 0; at > 0; at -= 2) {
				Reflect.apply(of_headers.append, into, [name, '']);
			}
		}
	}

	/**
	 * @param {string} name
	 * @returns {string} in lower case; throws what the real `Headers` would throw
	 */
	#key(name) {
		return key_of(name) ?? normalise(name, '')[0];
	}

	/**
	 * Keeps how a name was written, which `util.inspect` shows.
	 * @param {string} key
	 * @param {string} name
	 */
	#name(key, name) {
		if (name === key) this.#given?.delete(key);
		else if (typeof name === 'string') (this.#given ??= new Map()).set(key, name);
	}

	/**
	 * @param {string} name
	 * @param {string} value
	 */
	#append(name, value) {
		let key = key_of(name);
		if (key === null || !is_plain_value(value)) [key, value] = normalise(name, value);
		this.#list = null;
		const before = this.#values.get(key);
		if (before === undefined) this.#name(key, name);
		if (key === SET_COOKIE) {
			this.#cookies.push(value);
			this.#values.set(key, '');
		} else {
			this.#values.set(key, before === undefined ? value : `${before}, ${value}`);
		}
	}

	/**
	 * @param {string} name
	 * @param {string} value
	 */
	append(name, value) {
		if (!is_light(this)) return Reflect.apply(others.append, this, arguments);
		if (arguments.length < 2) return too_few('append', arguments);
		this.#append(name, value);
	}

	/** @param {string} name */
	delete(name) {
		if (!is_light(this)) return Reflect.apply(others.delete, this, arguments);
		if (arguments.length < 1) return too_few('delete', arguments);
		const key = this.#key(name);
		this.#list = null;
		this.#given?.delete(key);
		if (key === SET_COOKIE) this.#cookies = [];
		this.#values.delete(key);
	}

	/** @param {string} name */
	get(name) {
		if (!is_light(this)) return Reflect.apply(others.get, this, arguments);
		if (arguments.length < 1) return too_few('get', arguments);
		const key = this.#key(name);
		if (key !== SET_COOKIE) return this.#values.get(key) ?? null;
		return this.#cookies.length === 0 ? null : this.#cookies.join(', ');
	}

	/** @param {string} name */
	has(name) {
		if (!is_light(this)) return Reflect.apply(others.has, this, arguments);
		if (arguments.length < 1) return too_few('has', arguments);
		const key = this.#key(name);
		return this.#values.has(key);
	}

	/**
	 * @param {string} name
	 * @param {string} value
	 */
	set(name, value) {
		if (!is_light(this)) return Reflect.apply(others.set, this, arguments);
		if (arguments.length < 2) return too_few('set', arguments);
		let key = key_of(name);
		if (key === null || !is_plain_value(value)) [key, value] = normalise(name, value);
		this.#list = null;
		this.#name(key, name);
		if (key === SET_COOKIE) {
			this.#cookies = [value];
			this.#values.set(key, '');
		} else {
			this.#values.set(key, value);
		}
	}

	getSetCookie() {
		if (!is_light(this)) return Reflect.apply(others.getSetCookie, this, arguments);
		return [...this.#cookies];
	}

	/**
	 * Every entry in order, cookies one by one.
	 * @returns {Array<[string, string]>}
	 */
	#sorted() {
		if (this.#list !== null) return this.#list;
		/** @type {Array<[string, string]>} */
		const entries = [];
		for (const entry of this.#values) {
			if (entry[0] !== SET_COOKIE) entries.push(entry);
			else for (const cookie of this.#cookies) entries.push([SET_COOKIE, cookie]);
		}
		// stable, so cookies keep their order
		entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
		return (this.#list = entries);
	}

	entries() {
		if (!is_light(this)) return Reflect.apply(others.entries, this, arguments);
		return new LightIterator(
			() => this.#sorted(),
			([name, value]) => [name, value]
		);
	}

	keys() {
		if (!is_light(this)) return Reflect.apply(others.keys, this, arguments);
		return new LightIterator(
			() => this.#sorted(),
			([name]) => name
		);
	}

	values() {
		if (!is_light(this)) return Reflect.apply(others.values, this, arguments);
		return new LightIterator(
			() => this.#sorted(),
			([, value]) => value
		);
	}

	/** @param {(value: string, name: string, headers: Headers) => void} callback */
	forEach(callback) {
		if (!is_light(this)) return Reflect.apply(others.forEach, this, arguments);
		if (typeof callback !== 'function') {
			return Reflect.apply(of_headers.forEach, new NativeHeaders(), arguments);
		}
		const this_arg = arguments[1];
		for (let index = 0; index < this.#sorted().length; index += 1) {
			const [name, value] = this.#sorted()[index];
			Reflect.apply(callback, this_arg, [value, name, this]);
		}
	}
}
