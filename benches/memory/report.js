/** Writes down what the memory bench found: a Markdown page and an SVG plot. Measures nothing. */

/**
 * @typedef {object} MemoryFindings
 * @property {{ cpu: string, kernel: string, node: string, date: string }} machine
 * @property {Record<string, import('./idle.js').IdleResult[]>} [idle] by server
 * @property {import('./load.js').LoadResult[]} [load]
 * @property {import('./soak.js').SoakResult} [soak]
 */

const MB = 1024 * 1024;

/** @param {number} bytes */
const mb = (bytes) => (bytes / MB).toFixed(1);

/** @param {number} bytes */
const kib = (bytes) => (bytes / 1024).toFixed(1);

/** What the connections did before they fell silent, for the table. */
const DID = { static: 'one file', dynamic: 'one page', silent: 'nothing yet' };

/** @param {NonNullable<MemoryFindings['idle']>} idle */
function idle_table(idle) {
	const rows = Object.entries(idle).flatMap(([name, results]) =>
		results.map(
			({ kind, connections, rss, anonymous, before, after }) =>
				`| ${name} | ${DID[kind]} | ${connections} | ${kib(rss)} | ${kib(anonymous)} | ${mb(before)} | ${mb(after)} |`
		)
	);
	return `## Idle connections

KiB of resident memory each, and the server's resident MB before they came and after they had gone.

| server | each has asked for | connections | KiB each | of it anonymous | MB before | MB after |
|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** @param {NonNullable<MemoryFindings['load']>} load */
function load_table(load) {
	const rows = load.map(
		({ name, requests, started, peak, settled }) =>
			`| ${name} | ${requests} | ${mb(started)} | ${mb(peak)} | ${mb(settled)} |`
	);
	return `## The same load

Resident MB.

| server | requests | started | peak | settled |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** @param {NonNullable<MemoryFindings['soak']>} soak */
function soak_text({ name, seconds, rate, thirds, slope, grown, done }) {
	const kinds = Object.entries(done).map(([kind, count]) => `${kind} ${count}`);
	return `## Mixed load

${name}, ${seconds} s of ${rate} requests a second: ${kinds.join(', ')}.
Median resident memory ${mb(thirds.second)} MB in the second third, ${mb(thirds.last)} MB in the last, slope ${kib(slope)} KiB a minute: ${grown ? '**it grows**' : 'no growth'}.
`;
}

/** @param {MemoryFindings} findings */
export function markdown({ machine, idle, load, soak }) {
	const parts = [
		idle && idle_table(idle),
		load && load_table(load),
		soak && soak_text(soak),
		`${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}, ${machine.date}.\n`
	];
	return parts.filter(Boolean).join('\n');
}

/** @param {string} text */
const escape = (text) => text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);

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
	<path class="grid" d="M${left} ${at}H${left + width}" /><text x="${left - 8}" y="${Number(at) + 4}" text-anchor="end">${index * step}</text>`;
	});
	const minutes = Array.from({ length: Math.floor(seconds / 60) + 1 }, (_, minute) => {
		return `
	<text x="${x(minute * 60)}" y="${top + height + 18}" text-anchor="middle">${minute} min</text>`;
	});
	/** @param {number} from @param {number} to @param {number} bytes */
	const median = (from, to, bytes) => `
	<path class="median" d="M${x((seconds * from) / 3)} ${y(bytes)}H${x((seconds * to) / 3)}" />`;

	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 ${top + height + 30}" width="660" height="${top + height + 30}" role="img" aria-label="Resident memory of ${escape(name)} under mixed load">
	<style>
		text { font: 12px system-ui, sans-serif; fill: #57606a; }
		.title { font-weight: 600; fill: #24292f; }
		.grid { stroke: #d0d7de; }
		.rss { fill: none; stroke: #b7410e; stroke-width: 1.5; }
		.median { stroke: #24292f; stroke-width: 1.5; stroke-dasharray: 4 3; }
		@media (prefers-color-scheme: dark) {
			text { fill: #9198a1; }
			.title { fill: #f0f6fc; }
			.grid { stroke: #30363d; }
			.rss { stroke: #f0883e; }
			.median { stroke: #f0f6fc; }
		}
	</style>
	<text class="title" x="${left}" y="20">Resident memory of ${escape(name)} under mixed load, MB</text>${grid.join('')}${minutes.join('')}
	<path class="rss" d="M${line}" />${median(1, 2, thirds.second)}${median(2, 3, thirds.last)}
</svg>
`;
}
