/**
 * `Headers` for responses: a map until something asks for more than a map can do. Names and
 * values that are plainly valid are taken as they are; the rest is judged by the real
 * `Headers`, which normalises or throws as the Fetch standard says.
 */
import { inspect } from 'node:util';
import { NativeHeaders, mark_uncloneable, real } from './natives.js';

/** Lower-case tokens need no normalisation. */
const plain_name = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** No white space at the ends, nothing that a header value may not hold. */
const plain_value = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

const SET_COOKIE = 'set-cookie';

/**
 * Name and value as the real `Headers` would keep them; throws what it would throw.
 * @param {string} name
 * @param {string} value
 * @returns {[string, string]}
 */
function normalise(name, value) {
	const headers = new NativeHeaders();
	headers.append(name, value);
	const [entry] = headers;
	return entry;
}

/**
 * Throws what the real `Headers` throws when arguments are missing.
 * @param {'append' | 'delete' | 'get' | 'has' | 'set'} method
 * @param {IArguments} args
 * @returns {any}
 */
function too_few(method, args) {
	return Reflect.apply(NativeHeaders.prototype[method], new NativeHeaders(), args);
}

const native_iterator = Object.getPrototypeOf(new NativeHeaders().entries());

/**
 * An iterator that sees changes made while it runs, as the standard wants it.
 * @template T
 * @param {() => Array<[string, string]>} sorted
 * @param {(entry: [string, string]) => T} pick
 * @returns {IterableIterator<T>}
 */
function iterate(sorted, pick) {
	let index = 0;
	const iterator = Object.create(native_iterator);
	Object.defineProperty(iterator, 'next', {
		configurable: true,
		writable: true,
		value: () => {
			const entries = sorted();
			if (index >= entries.length) return { value: undefined, done: true };
			return { value: pick(entries[index++]), done: false };
		}
	});
	return iterator;
}

export class LightHeaders {
	/** @type {Map<string, string>} all but cookies, by name in lower case */
	#values = new Map();
	/** @type {string[]} */
	#cookies = [];
	/** @type {Array<[string, string]> | null} the entries in order, until something changes */
	#list = null;

	constructor() {
		mark_uncloneable(this);
	}

	/**
	 * The lines that cross to Rust, in the order in which the real one iterates.
	 * @param {LightHeaders} headers
	 */
	static lines(headers) {
		const names = [...headers.#values.keys()];
		if (headers.#cookies.length > 0) names.push(SET_COOKIE);
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
		const headers = new LightHeaders();
		if (init === undefined) return headers;
		if (typeof init !== 'object' || init === null) return null;
		if (#values in init) {
			headers.#cookies = [...init.#cookies];
			for (const [name, value] of init.#values) {
				// joining values can leave white space that a copy loses
				if (value.endsWith(' ')) headers.append(name, value);
				else headers.#values.set(name, value);
			}
			return headers;
		}
		if (init instanceof NativeHeaders) {
			for (const [name, value] of init) headers.append(name, value);
			return headers;
		}
		const prototype = Object.getPrototypeOf(init);
		if (prototype !== Object.prototype && prototype !== null) return null;
		if (Symbol.iterator in init || Object.getOwnPropertySymbols(init).length > 0) return null;
		for (const name of Object.keys(init)) {
			headers.append(name, /** @type {any} */ (init)[name]);
		}
		return headers;
	}

	/** @returns {Headers} */
	[real]() {
		const headers = new NativeHeaders([...this.#values]);
		for (const cookie of this.#cookies) headers.append(SET_COOKIE, cookie);
		return headers;
	}

	/**
	 * @param {string} name
	 * @param {string} value
	 * @returns {[string, string]}
	 */
	#entry(name, value) {
		if (
			typeof name === 'string' &&
			typeof value === 'string' &&
			plain_name.test(name) &&
			plain_value.test(value)
		) {
			return [name, value];
		}
		return normalise(name, value);
	}

	/**
	 * @param {string} name
	 * @returns {string} in lower case; throws what the real `Headers` would throw
	 */
	#name(name) {
		if (typeof name === 'string' && plain_name.test(name)) return name;
		return normalise(name, '')[0];
	}

	/**
	 * @param {string} name
	 * @param {string} value
	 */
	append(name, value) {
		if (arguments.length < 2) return too_few('append', arguments);
		const [key, normal] = this.#entry(name, value);
		this.#list = null;
		if (key === SET_COOKIE) {
			this.#cookies.push(normal);
			return;
		}
		const before = this.#values.get(key);
		this.#values.set(key, before === undefined ? normal : `${before}, ${normal}`);
	}

	/** @param {string} name */
	delete(name) {
		if (arguments.length < 1) return too_few('delete', arguments);
		const key = this.#name(name);
		this.#list = null;
		if (key === SET_COOKIE) this.#cookies = [];
		else this.#values.delete(key);
	}

	/** @param {string} name */
	get(name) {
		if (arguments.length < 1) return too_few('get', arguments);
		const key = this.#name(name);
		if (key !== SET_COOKIE) return this.#values.get(key) ?? null;
		return this.#cookies.length === 0 ? null : this.#cookies.join(', ');
	}

	/** @param {string} name */
	has(name) {
		if (arguments.length < 1) return too_few('has', arguments);
		const key = this.#name(name);
		return key === SET_COOKIE ? this.#cookies.length > 0 : this.#values.has(key);
	}

	/**
	 * @param {string} name
	 * @param {string} value
	 */
	set(name, value) {
		if (arguments.length < 2) return too_few('set', arguments);
		const [key, normal] = this.#entry(name, value);
		this.#list = null;
		if (key === SET_COOKIE) this.#cookies = [normal];
		else this.#values.set(key, normal);
	}

	getSetCookie() {
		return [...this.#cookies];
	}

	/**
	 * Every entry in order, cookies one by one.
	 * @returns {Array<[string, string]>}
	 */
	#sorted() {
		if (this.#list !== null) return this.#list;
		/** @type {Array<[string, string]>} */
		const entries = [...this.#values];
		for (const cookie of this.#cookies) entries.push([SET_COOKIE, cookie]);
		// stable, so cookies keep their order
		entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
		return (this.#list = entries);
	}

	entries() {
		return iterate(
			() => this.#sorted(),
			([name, value]) => [name, value]
		);
	}

	keys() {
		return iterate(
			() => this.#sorted(),
			([name]) => name
		);
	}

	values() {
		return iterate(
			() => this.#sorted(),
			([, value]) => value
		);
	}

	/**
	 * @param {(value: string, name: string, headers: Headers) => void} callback
	 * @param {unknown} [this_arg]
	 */
	forEach(callback, this_arg) {
		if (typeof callback !== 'function') return new NativeHeaders().forEach(callback);
		for (const [name, value] of this.entries()) {
			callback.call(this_arg, value, name, /** @type {any} */ (this));
		}
	}

	/**
	 * @param {number} depth
	 * @param {import('node:util').InspectOptions} options
	 */
	[inspect.custom](depth, options) {
		return inspect(this[real](), { ...options, depth });
	}
}

Object.defineProperty(LightHeaders.prototype, Symbol.iterator, {
	configurable: true,
	writable: true,
	value: LightHeaders.prototype.entries
});

// `instanceof Headers` holds, and what is added to `Headers.prototype` is found
Object.setPrototypeOf(LightHeaders.prototype, NativeHeaders.prototype);
