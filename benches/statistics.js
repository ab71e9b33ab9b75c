/** Medians and spreads of rounds, and what the rounds of two subjects say about each other. */

/** @typedef {import('./load.js').Round} Round */

/** @param {number[]} values */
export function median(values) {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @typedef {{ median: number, min: number, max: number }} Spread
 * @param {number[]} values
 * @returns {Spread}
 */
export const spread = (values) => ({
	median: median(values),
	min: Math.min(...values),
	max: Math.max(...values)
});

/**
 * @typedef {object} Figures of one subject on one path
 * @property {Spread} us CPU per request
 * @property {Spread} rps
 * @property {Spread} [p50_ms]
 * @property {Spread} [p99_ms]
 */

/**
 * @param {Round[]} rounds
 * @returns {Figures}
 */
export function figures(rounds) {
	/** @param {keyof Round} name */
	const of = (name) => spread(rounds.map((round) => Number(round[name])));
	return {
		us: of('us'),
		rps: of('rps'),
		// SvelteKit alone has no clients and so no latency
		...(rounds[0].p50_ms !== undefined && { p50_ms: of('p50_ms'), p99_ms: of('p99_ms') })
	};
}

/**
 * How many times the CPU of B one request costs A. The ratio is that of the medians; its
 * spread is that of the rounds, each set against the one measured in the same turn.
 * @param {Round[]} a
 * @param {Round[]} b
 * @returns {Spread}
 */
export function ratio(a, b) {
	const each = a.map((round, index) => round.us / b[index].us);
	return {
		median: median(a.map(({ us }) => us)) / median(b.map(({ us }) => us)),
		min: Math.min(...each),
		max: Math.max(...each)
	};
}
