/** What options of a command line say. */

/**
 * The options that say how long a bench of rounds takes: `--rounds`, `--seconds`, `--warmup` and
 * `--smoke`, which makes it short
 */
export const timing_options = /** @type {const} */ ({
	rounds: { type: 'string' },
	seconds: { type: 'string' },
	warmup: { type: 'string' },
	smoke: { type: 'boolean', default: false }
});

/**
 * @param {{ rounds?: string, seconds?: string, warmup?: string, smoke: boolean }} values as given
 */
export function timing({ rounds, seconds, warmup, smoke }) {
	const length = number('seconds', seconds, smoke ? 0.5 : 3);
	return {
		rounds: Math.round(number('rounds', rounds, smoke ? 1 : 5)),
		seconds: length,
		warmup: number('warmup', warmup, smoke ? 0 : length, 0)
	};
}

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
