/** What options of a command line say. */

/**
 * @param {string} name of the option
 * @param {string | undefined} text as it was given
 * @param {number} otherwise if it was not
 * @param {number} [least] by default anything above 0
 */
export function number(name, text, otherwise, least = Number.MIN_VALUE) {
	if (text === undefined) return otherwise;
	const value = Number(text);
	if (text !== '' && value >= least) return value;
	throw new Error(`--${name} takes a number ${least ? 'above' : 'from'} 0, not ${text}`);
}
