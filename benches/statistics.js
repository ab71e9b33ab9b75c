/** Medians and spreads of rounds, and what two servers' rounds say about each other. */

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
 * How many times the CPU of B one request costs A. The ratio is that of the medians; its
 * spread is that of the rounds, each set against the one measured right after it.
 * @param {Round[]} a
 * @param {Round[]} b
 */
export function compare(a, b) {
	const each = a.map((round, index) => round.us / b[index].us);
	return {
		a: { us: spread(a.map(({ us }) => us)), rps: spread(a.map(({ rps }) => rps)) },
		b: { us: spread(b.map(({ us }) => us)), rps: spread(b.map(({ rps }) => rps)) },
		ratio: {
			median: median(a.map(({ us }) => us)) / median(b.map(({ us }) => us)),
			min: Math.min(...each),
			max: Math.max(...each)
		}
	};
}
