/**
 * Which header names and values are plainly valid, so that they can be taken as they are. Of
 * the rest nothing is said here: that is for the real `Headers` to normalise or refuse.
 */

/** Tokens (RFC 9110, 5.6.2); in lower case they need no normalisation. */
export const lower_token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** No white space at the ends, nothing that a header value may not hold. */
const plain_value = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/**
 * @param {unknown} name
 * @returns {string | null} in lower case; `null`: the real `Headers` has to look at it
 */
export function key_of(name) {
	if (typeof name !== 'string') return null;
	if (lower_token.test(name)) return name;
	return token.test(name) ? name.toLowerCase() : null;
}

/** @param {unknown} value */
export const is_plain_value = (value) => typeof value === 'string' && plain_value.test(value);
