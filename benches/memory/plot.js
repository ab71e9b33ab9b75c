/** The plot of a soak: whether memory grows. */

import { document, escape } from '../svg.js';

const MB = 1024 * 1024;

/**
 * Resident memory over the time of a soak.
 * @param {import('./soak.js').SoakResult} soak
 */
export function svg({ name, samples, seconds, thirds }) {
	const [left, top, width, height] = [52, 34, 590, 180];
	const most = Math.max(...samples.map(({ rss }) => rss)) * 1.15;
	/** @param {number} at */
	const x = (at) => (left + (at / seconds) * width).toFixed(1);
	/** @param {number} bytes */
	const y = (bytes) => (top + height - (bytes / most) * height).toFixed(1);
	const line = samples.map(({ at, rss }) => `${x(at)} ${y(rss)}`).join('L');
	const step = [5, 10, 20, 25, 50, 100, 200, 500].find((each) => most / MB / each <= 5) ?? 1000;
	const grid = Array.from({ length: Math.floor(most / MB / step) + 1 }, (_, index) => {
		const at = y(index * step * MB);
		return `
	<path class="grid-line" d="M${left} ${at}H${left + width}" /><text x="${left - 8}" y="${Number(at) + 4}" text-anchor="end">${index * step}</text>`;
	});
	const minutes = Array.from({ length: Math.floor(seconds / 60) + 1 }, (_, minute) => {
		return `
	<text x="${x(minute * 60)}" y="${top + height + 18}" text-anchor="middle">${minute} min</text>`;
	});
	/** @param {number} from @param {number} to @param {number} bytes */
	const median = (from, to, bytes) => `
	<path class="median strong-line" d="M${x((seconds * from) / 3)} ${y(bytes)}H${x((seconds * to) / 3)}" />`;

	const title = `
	<text class="title strong" x="${left}" y="20">Resident memory of ${escape(name)} under mixed load, MB</text>`;
	const curve = `
	<path class="rss oxide-line" d="M${line}" />${median(1, 2, thirds.second)}${median(2, 3, thirds.last)}`;

	return document({
		width: 672,
		height: top + height + 30,
		label: `Resident memory of ${name} under mixed load`,
		style: '.rss, .median { stroke-width: 1.5; } .median { stroke-dasharray: 4 3; }',
		content: [title, ...grid, ...minutes, curve].join('')
	});
}
