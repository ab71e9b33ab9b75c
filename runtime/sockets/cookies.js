/**
 * SvelteKit's `cookies` for a handshake, whose routes SvelteKit does not know: the same functions,
 * with the same defaults. RFC 6265 4.1.1 is the grammar.
 */

/** @typedef {Parameters<import('@sveltejs/kit').Cookies['set']>[2]} Options */

/** A token of RFC 9110 5.6.2. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/** A value as it stands in the header, with or without quotes. */
const VALUE = /^("?)[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*\1$/;

/** Of an attribute: anything but what ends it. */
const ATTRIBUTE = /^[\x20-\x3a\x3c-\x7e]*$/;

const PRIORITIES = ['Low', 'Medium', 'High'];
const SAME_SITES = ['Strict', 'Lax', 'None'];

/**
 * @param {string} header
 * @returns {Map<string, string>} as they stand there; of one name, the first
 */
function parse(header) {
	/** @type {Map<string, string>} */
	const found = new Map();
	for (const pair of header.split(';')) {
		const equals = pair.indexOf('=');
		if (equals === -1) continue;
		const name = pair.slice(0, equals).trim();
		const value = pair.slice(equals + 1).trim();
		if (!found.has(name)) found.set(name, value.replace(/^"(.*)"$/, '$1'));
	}
	return found;
}

/** @param {string} value */
function decode_value(value) {
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
}

/**
 * @param {string} value
 * @param {RegExp} grammar
 * @param {string} what
 */
function checked(value, grammar, what) {
	if (grammar.test(value)) return value;
	throw new TypeError(`${what} of a cookie cannot be ${JSON.stringify(value)}`);
}

export class Cookies {
	#received;
	#url;
	/** @type {Map<string, { name: string, value: string, line: string, gone: boolean }>} */
	#set = new Map();
	/** @type {string[]} */
	#added = [];

	/**
	 * @param {string | null} header
	 * @param {URL} url
	 */
	constructor(header, url) {
		this.#received = parse(header ?? '');
		this.#url = url;
		// SvelteKit's can be taken apart
		this.get = this.get.bind(this);
		this.getAll = this.getAll.bind(this);
		this.set = this.set.bind(this);
		this.delete = this.delete.bind(this);
		this.serialize = this.serialize.bind(this);
	}

	/** The values of `set-cookie`. */
	get lines() {
		return [...[...this.#set.values()].map(({ line }) => line), ...this.#added];
	}

	/** @param {string[]} lines further values of `set-cookie`, as somebody else has made them */
	add(lines) {
		this.#added.push(...lines);
	}

	/**
	 * @param {string} name
	 * @param {{ decode?: (value: string) => string | undefined }} [options]
	 * @returns {string | undefined}
	 */
	get(name, { decode = decode_value } = {}) {
		const set = this.#visible(name);
		if (set !== undefined) return set.gone ? undefined : set.value;
		const value = this.#received.get(name);
		return value === undefined ? undefined : decode(value);
	}

	/** @param {string} name */
	#visible(name) {
		return [...this.#set.values()].findLast((cookie) => cookie.name === name);
	}

	/** @param {{ decode?: (value: string) => string | undefined }} [options] */
	getAll(options) {
		const set = [...this.#set.values()].map(({ name }) => name);
		return [...new Set([...this.#received.keys(), ...set])].flatMap((name) => {
			const value = this.get(name, options);
			return value === undefined ? [] : [{ name, value }];
		});
	}

	/**
	 * @param {string} name
	 * @param {string} value
	 * @param {Options} [options]
	 */
	set(name, value, options) {
		const { domain = '', path = '/', maxAge } = options ?? {};
		const line = this.serialize(name, value, options);
		this.#set.set(`${domain}${path}?${name}`, { name, value, line, gone: maxAge === 0 });
	}

	/**
	 * @param {string} name
	 * @param {Options} [options]
	 */
	delete(name, options) {
		this.set(name, '', { ...options, maxAge: 0 });
	}

	/**
	 * @param {string} name
	 * @param {string} value
	 * @param {Options} [options]
	 */
	serialize(name, value, options) {
		const { hostname, pathname, protocol } = this.#url;
		const {
			encode = encodeURIComponent,
			path = '/',
			httpOnly = true,
			secure = !(hostname === 'localhost' && protocol === 'http:'),
			sameSite = 'lax',
			domain,
			expires,
			maxAge,
			partitioned,
			priority
		} = options ?? {};
		const pair = `${checked(name, NAME, 'The name')}=${checked(encode(value), VALUE, 'The value')}`;
		const attributes = [
			maxAge === undefined ? null : `Max-Age=${Math.floor(maxAge)}`,
			domain === undefined ? null : `Domain=${checked(domain, ATTRIBUTE, 'The domain')}`,
			`Path=${checked(absolute(path, pathname), ATTRIBUTE, 'The path')}`,
			expires === undefined ? null : `Expires=${expires.toUTCString()}`,
			httpOnly ? 'HttpOnly' : null,
			secure ? 'Secure' : null,
			partitioned ? 'Partitioned' : null,
			priority === undefined ? null : `Priority=${word(priority, PRIORITIES, 'The priority')}`,
			same_site(sameSite)
		];
		return [pair, ...attributes.filter((attribute) => attribute !== null)].join('; ');
	}
}

/**
 * A relative path is one from where the request went to.
 * @param {string} path
 * @param {string} from
 */
function absolute(path, from) {
	return path.startsWith('/') ? path : new URL(path, `http://host${from}`).pathname;
}

/**
 * @param {string} value
 * @param {string[]} known
 * @param {string} what
 */
function word(value, known, what) {
	const found = known.find((name) => name.toLowerCase() === `${value}`.toLowerCase());
	if (found !== undefined) return found;
	throw new TypeError(`${what} of a cookie cannot be ${JSON.stringify(value)}`);
}

/** @param {boolean | 'lax' | 'strict' | 'none'} value */
function same_site(value) {
	if (value === false) return null;
	return `SameSite=${value === true ? 'Strict' : word(value, SAME_SITES, 'The sameSite')}`;
}
