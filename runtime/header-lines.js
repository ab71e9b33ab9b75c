/**
 * Request header lines as they come over the wire (`name\nvalue\n`, names in lower case),
 * and how repeated ones are joined. Node's rules, since that is what adapter-node's users
 * see (https://nodejs.org/api/http.html#messageheaders).
 */

/** Of these Node keeps the first and drops the rest. */
const single = new Set([
	'age',
	'authorization',
	'content-length',
	'content-type',
	'etag',
	'expires',
	'from',
	'host',
	'if-modified-since',
	'if-unmodified-since',
	'last-modified',
	'location',
	'max-forwards',
	'proxy-authorization',
	'referer',
	'retry-after',
	'server',
	'user-agent'
]);

/**
 * Calls `each` for every line in order.
 * @param {string} lines
 * @param {(name: string, value: string) => void} each
 */
export function for_each_line(lines, each) {
	let at = 0;
	while (at < lines.length) {
		const name_end = lines.indexOf('\n', at);
		const value_end = lines.indexOf('\n', name_end + 1);
		each(lines.slice(at, name_end), lines.slice(name_end + 1, value_end));
		at = value_end + 1;
	}
}

/**
 * The lines without one header. By pairs, since another header's value can be that name.
 * @param {string} lines
 * @param {string} unwanted
 */
export function without(lines, unwanted) {
	let kept = '';
	for_each_line(lines, (name, value) => {
		if (name !== unwanted) kept += `${name}\n${value}\n`;
	});
	return kept;
}

/**
 * Joined values by name.
 * @param {string} lines
 * @returns {Map<string, string>}
 */
export function parse_headers(lines) {
	/** @type {Map<string, string>} */
	const headers = new Map();
	for_each_line(lines, (name, value) => {
		const before = headers.get(name);
		if (before === undefined) headers.set(name, value);
		else if (name === 'cookie') headers.set(name, `${before}; ${value}`);
		else if (!single.has(name)) headers.set(name, `${before}, ${value}`);
	});
	return headers;
}
