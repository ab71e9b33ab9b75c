/** The curve of overload: how late answers are, and how many requests were refused at once. */

import { document, escape } from './svg.js';

/** @typedef {import('./open-loop.js').Point} Point */
/** @typedef {{ id: 'node' | 'oxide', name: string, points: Point[] }} Line */

const WIDTH = 700;
const LEFT = 60;
const FULL = 600;
const LOW = 300;
const HIGH = 60;

/** From a millisecond to ten seconds, each ten times as high. */
const DECADES = 4;

/** @param {number} ms */
const height = (ms) => LOW - ((LOW - HIGH) * Math.log10(Math.max(1, ms))) / DECADES;

/** @param {Line[]} lines */
export function svg(lines) {
	const most = Math.max(...lines.flatMap(({ points }) => points.map(({ load }) => load)));
	/** @param {number} load */
	const x = (load) => LEFT + (FULL * load) / most;
	const grid = ['1 ms', '10 ms', '100 ms', '1 s', '10 s'].map((label, decade) => {
		const y = height(10 ** decade).toFixed(0);
		return `
	<path class="grid-line" d="M${LEFT} ${y}H${LEFT + FULL}" />
	<text x="${LEFT - 8}" y="${Number(y) + 4}" text-anchor="end">${label}</text>`;
	});
	const loads = lines[0].points.map(
		({ load }) => `
	<text x="${x(load).toFixed(0)}" y="${LOW + 20}" text-anchor="middle">${load}x</text>`
	);
	const curves = lines.flatMap(({ id, points }) =>
		/** @type {const} */ (['p99', 'p50']).map((part) => {
			const path = points.map((at) => `${x(at.load).toFixed(1)} ${height(at[part]).toFixed(1)}`);
			return `
	<path class="curve ${id}-line${part === 'p50' ? ' half' : ''}" d="M${path.join('L')}" />`;
		})
	);
	const refused = lines.flatMap(({ points }) =>
		points
			.filter((at) => at.refused > 0)
			.map(
				(at) => `
	<text x="${x(at.load).toFixed(0)}" y="${LOW + 38}" text-anchor="middle">${(at.refused * 100).toFixed(0)} % get 503</text>`
			)
	);
	const legend = lines.map(
		({ id, name }, index) => `
	<path class="curve ${id}-line" d="M${LEFT + index * 240} 20h24" />
	<text x="${LEFT + 32 + index * 240}" y="24">${escape(name)}</text>`
	);
	const caption = `
	<text x="${LEFT}" y="44">99th percentile of latency (dashed: median), by the load that is offered</text>`;
	return document({
		width: WIDTH,
		height: LOW + 60,
		label: `Latency of answers by offered load: ${lines.map(({ name }) => name).join(', ')}`,
		style: '.curve { stroke-width: 2; } .half { stroke-dasharray: 4 4; }',
		content: [...legend, caption, ...grid, ...loads, ...refused, ...curves].join('')
	});
}
