/** Writes down what the A/B bench found: a Markdown table and an SVG plot. Measures nothing. */

/**
 * @typedef {object} Measured
 * @property {string} title
 * @property {ReturnType<typeof import('./statistics.js').compare>} result
 *
 * @typedef {object} Findings
 * @property {string} a name of the first server
 * @property {string} b
 * @property {{ cpu: string, kernel: string, node: string, date: string }} machine
 * @property {{ rounds: number, seconds: number }} method
 * @property {{ a: number, b: number }} start_ms
 * @property {{ a: number, b: number }} rss_mb after the last round
 * @property {Measured[]} paths
 */

/** @param {number} value */
const short = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

/** @param {import('./statistics.js').Spread} spread */
const with_range = ({ median, min, max }) => `${short(median)} (${short(min)}-${short(max)})`;

/** @param {Findings} findings */
export function markdown({ a, b, machine, method, start_ms, rss_mb, paths }) {
	const rows = paths.map(({ title, result }) =>
		[
			title,
			with_range(result.a.us),
			with_range(result.b.us),
			`**${result.ratio.median.toFixed(1)}x** (${result.ratio.min.toFixed(1)}-${result.ratio.max.toFixed(1)})`
		].join(' | ')
	);
	return `Server CPU per request in microseconds: ${method.rounds === 1 ? 'one round' : `median and range of ${method.rounds} rounds`} of ${method.seconds} s.

| | ${a} | ${b} | ratio |
|---|---|---|---|
${rows.map((row) => `| ${row} |`).join('\n')}

Start to first answer ${start_ms.a.toFixed(0)} ms and ${start_ms.b.toFixed(0)} ms; resident memory after all rounds
${rss_mb.a.toFixed(0)} MB and ${rss_mb.b.toFixed(0)} MB. ${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}, ${machine.date}.
`;
}

/** @param {string} text */
const escape = (text) => text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);

/**
 * Bars of CPU per request, each path on its own scale: the costs differ by a factor of
 * twenty between paths, and only the two bars of one path are to be compared.
 * @param {Findings} findings
 */
export function svg({ a, b, paths }) {
	const left = 150;
	const full = 420;
	const band = 58;
	const top = 48;
	const height = top + paths.length * band + 14;

	const bars = paths.map(({ title, result }, index) => {
		const y = top + index * band;
		const most = Math.max(result.a.us.max, result.b.us.max);
		/** @param {number} us */
		const x = (us) => left + (us / most) * full;
		/** @param {import('./statistics.js').Spread} us @param {number} at_y @param {string} kind */
		const bar = (us, at_y, kind) => `
	<rect class="${kind}" x="${left}" y="${at_y}" width="${(x(us.median) - left).toFixed(1)}" height="18" rx="2" />
	<path class="range" d="M${x(us.min).toFixed(1)} ${at_y + 9}H${x(us.max).toFixed(1)}" />
	<text x="${(x(us.max) + 8).toFixed(1)}" y="${at_y + 13}">${short(us.median)} µs</text>`;
		return `
	<text class="title" x="${left - 12}" y="${y + 17}" text-anchor="end">${escape(title)}</text>
	<text class="ratio" x="${left - 12}" y="${y + 36}" text-anchor="end">${result.ratio.median.toFixed(1)}x</text>${bar(result.a.us, y, 'a')}${bar(result.b.us, y + 21, 'b')}`;
	});

	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 ${height}" width="660" height="${height}" role="img" aria-label="Server CPU per request, ${escape(a)} against ${escape(b)}">
	<style>
		text { font: 12px system-ui, sans-serif; fill: #57606a; }
		.title { font-weight: 600; fill: #24292f; }
		.ratio { font-weight: 600; fill: #b7410e; }
		.a { fill: #8c959f; }
		.b { fill: #b7410e; }
		.range { stroke: #24292f; stroke-width: 1.5; opacity: 0.6; }
		@media (prefers-color-scheme: dark) {
			text { fill: #9198a1; }
			.title { fill: #f0f6fc; }
			.ratio { fill: #f0883e; }
			.a { fill: #6e7681; }
			.b { fill: #f0883e; }
			.range { stroke: #f0f6fc; }
		}
	</style>
	<rect class="a" x="${left}" y="14" width="12" height="12" rx="2" />
	<text x="${left + 18}" y="24">${escape(a)}</text>
	<rect class="b" x="${left + 150}" y="14" width="12" height="12" rx="2" />
	<text x="${left + 168}" y="24">${escape(b)}</text>
	<text x="${left + 330}" y="24">CPU per request</text>${bars.join('')}
</svg>
`;
}

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/**
 * Puts a text between the markers of a page.
 * @param {string} page
 * @param {string} text
 */
export function insert(page, text) {
	const from = page.indexOf(BEGIN);
	const to = page.indexOf(END);
	if (from < 0 || to < from) throw new Error(`No ${BEGIN} ... ${END} to write between`);
	return `${page.slice(0, from + BEGIN.length)}\n${text.trim()}\n${page.slice(to)}`;
}
