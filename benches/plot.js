/**
 * The plot of what the bench found: bars of CPU per request, each path on its own scale, because
 * the costs differ by a factor of a hundred between paths and only the bars of one path are to
 * be compared.
 */

import { short } from './report.js';
import { document, escape } from './svg.js';

/** @typedef {import('./report.js').Findings} Findings */
/** @typedef {import('./statistics.js').Spread} Spread */

const LEFT = 190;
const FULL = 400;
const WIDTH = 700;
const TOP = 48;
const BAR = 16;
const GAP = 16;

/**
 * One bar with its range and figure.
 * @param {string} kind
 * @param {Spread} us
 * @param {number} y
 * @param {number} most what fills the whole width
 */
function bar(kind, us, y, most) {
	/** @param {number} value */
	const x = (value) => LEFT + (value / most) * FULL;
	return `
	<rect class="${kind}" x="${LEFT}" y="${y}" width="${(x(us.median) - LEFT).toFixed(1)}" height="${BAR - 2}" rx="2" />
	<path class="range strong-line" d="M${x(us.min).toFixed(1)} ${y + BAR / 2 - 1}H${x(us.max).toFixed(1)}" />
	<text x="${(x(us.max) + 8).toFixed(1)}" y="${y + BAR - 5}">${short(us.median)} µs</text>`;
}

/** @param {Findings} findings */
export function svg({ subjects, paths }) {
	let y = TOP;
	const groups = paths.map(({ title, figures, ratios }) => {
		const present = subjects.filter(({ id }) => id in figures);
		const most = Math.max(...present.map(({ id }) => figures[id].us.max));
		const first = y;
		const bars = present.map(({ id }) => {
			const drawn = bar(id, figures[id].us, y, most);
			y += BAR;
			return drawn;
		});
		y = Math.max(y, first + 2 * BAR) + GAP;
		const ratio = ratios[subjects[0].id];
		const told = ratio
			? `
	<text class="title oxide" x="${LEFT - 12}" y="${first + 28}" text-anchor="end">${ratio.median.toFixed(1)}x</text>`
			: '';
		return `
	<text class="title strong" x="${LEFT - 12}" y="${first + 12}" text-anchor="end">${escape(title)}</text>${told}${bars.join('')}`;
	});

	const shown = subjects.filter(({ id }) => paths.some(({ figures }) => id in figures));
	const room = (WIDTH - 30) / shown.length;
	const legend = shown.map(
		({ id, name }, index) => `
	<rect class="${id}" x="${(20 + index * room).toFixed(0)}" y="14" width="12" height="12" rx="2" />
	<text x="${(38 + index * room).toFixed(0)}" y="24">${escape(name)}</text>`
	);

	return document({
		width: WIDTH,
		height: y,
		label: `Server CPU per request: ${shown.map(({ name }) => name).join(', ')}`,
		style: '.range { stroke-width: 1.5; opacity: 0.6; }',
		content: [...legend, ...groups].join('')
	});
}
