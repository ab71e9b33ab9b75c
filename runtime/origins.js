/**
 * Origins that requests have named, checked once each. A host comes from the client, so
 * the cache is bounded, and started anew when it is full.
 */

const MAX = 1000;

/** @type {Map<string, { canonical: string | null } | null>} */
const known = new Map();

/**
 * @param {string} origin protocol and host as the request (or its proxy) gave them
 * @returns {{ canonical: string | null } | null} `null` if no URL can begin so; `canonical`
 *   is the form the URL parser would give it, or `null` if that depends on the rest
 */
export function check_origin(origin) {
	let result = known.get(origin);
	if (result === undefined) {
		if (known.size >= MAX) known.clear();
		result = parse(origin);
		known.set(origin, result);
	}
	return result;
}

/** @param {string} origin */
function parse(origin) {
	/** @type {URL} */
	let url;
	try {
		url = new URL(`${origin}/`);
	} catch {
		return null;
	}
	// `Request` refuses URLs with credentials
	if (url.username !== '' || url.password !== '') return null;
	const plain = url.pathname === '/' && url.search === '' && url.hash === '';
	return { canonical: plain && url.origin !== 'null' ? url.origin : null };
}
