/** Writes down what the bench found as Markdown tables. Measures nothing and judges nothing. */

/** @typedef {import('./measure.js').DelayResult} DelayResult */
/** @typedef {import('./measure.js').PathResult} PathResult */
/** @typedef {import('./statistics.js').Spread} Spread */

/**
 * @typedef {object} SubjectFacts
 * @property {string} id
 * @property {string} name
 * @property {Spread} [start_ms]
 * @property {{ resident: number, peak: number }} [memory_mb] after the last round
 * @property {number} [build_mb] size of the folder that is deployed
 *
 * @typedef {object} Findings
 * @property {string} command
 * @property {{ cpu: string, kernel: string, node: string, kit: string, date: string }} machine
 * @property {import('./measure.js').Method} method
 * @property {SubjectFacts[]} subjects the last one is set against each of the others
 * @property {PathResult[]} paths
 * @property {DelayResult[]} delay
 */

/** Not a server: has a table of its own. */
const ALONE = 'kit';

/** @param {number} value */
export const short = (value) =>
	value >= 99.95 ? value.toFixed(0) : value >= 0.995 ? value.toFixed(1) : value.toFixed(2);

/**
 * A median with the range it comes from, unless all rounds agree, as one round does with itself.
 * @param {Spread | undefined} spread
 * @param {(value: number) => string} [form]
 */
function with_range(spread, form = short) {
	if (!spread) return '';
	const { median, min, max } = spread;
	return min === max ? form(median) : `${form(median)} (${form(min)}-${form(max)})`;
}

/** @param {Spread | undefined} ratio */
const times = (ratio) =>
	with_range(ratio, (value) => value.toFixed(1)).replace(/^[\d.]+/, (median) => `**${median}x**`);

/**
 * A table whose columns are only as many as have something to say.
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
	const kept = head.map((_, column) => column === 0 || rows.some((row) => row[column] !== ''));
	/** @param {string[]} cells */
	const line = (cells) => `| ${cells.filter((_, column) => kept[column]).join(' | ')} |`;
	const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
	return [line(head), line(rule), ...rows.map(line)].join('\n').replaceAll('|  |', '| |');
}

/** @param {Findings} findings */
const servers = ({ subjects }) => subjects.filter(({ id }) => id !== ALONE);

/** The CPU of each server per request. @param {Findings} findings */
function cpu_table(findings) {
	const columns = servers(findings);
	const others = columns.slice(0, -1);
	const head = ['', ...columns.map(({ name }) => name), ...others.map(({ name }) => `to ${name}`)];
	const rows = findings.paths.map(({ title, figures, ratios }) => [
		title,
		...columns.map(({ id }) => with_range(figures[id]?.us)),
		...others.map(({ id }) => times(ratios[id]))
	]);
	return table(head, rows);
}

/** @param {Findings} findings */
function speed_table(findings) {
	const columns = servers(findings);
	const rows = findings.paths.map(({ title, figures }) => [
		title,
		...columns.map(({ id }) => {
			const found = figures[id];
			if (!found?.p50_ms || !found.p99_ms) return '';
			return `${found.rps.median.toFixed(0)} · ${short(found.p50_ms.median)} · ${short(found.p99_ms.median)}`;
		})
	]);
	return table(['', ...columns.map(({ name }) => name)], rows);
}

/** What each server costs beyond SvelteKit itself. @param {Findings} findings */
function alone_table(findings) {
	const columns = servers(findings);
	const rows = findings.paths
		.filter(({ figures }) => ALONE in figures)
		.map(({ title, figures }) => [
			title,
			with_range(figures[ALONE].us),
			...columns.map(({ id }) =>
				figures[id] ? (figures[id].us.median - figures[ALONE].us.median).toFixed(1) : ''
			)
		]);
	if (rows.length === 0) return undefined;
	return table(['', 'SvelteKit alone', ...columns.map(({ name }) => `${name} adds`)], rows);
}

/** @param {Findings} findings */
function delay_table(findings) {
	if (findings.delay.length === 0) return undefined;
	const columns = servers(findings);
	const rows = findings.delay.map(({ title, figures }) => [
		title,
		...columns.map(({ id }) => {
			const found = figures[id];
			return found ? `${short(found.p50)} · ${short(found.p99)} · ${short(found.max)}` : '';
		})
	]);
	return table(['', ...columns.map(({ name }) => name)], rows);
}

/** @param {Findings} findings */
function facts_table(findings) {
	const columns = servers(findings);
	/** @param {string} title @param {(facts: SubjectFacts) => string | undefined} cell */
	const row = (title, cell) => [title, ...columns.map((facts) => cell(facts) ?? '')];
	const rows = [
		row('start to first answer, ms', ({ start_ms }) => with_range(start_ms)),
		row('resident memory after all rounds, MB', ({ memory_mb }) => memory_mb?.resident.toFixed(0)),
		row('most memory ever, MB', ({ memory_mb }) => memory_mb?.peak.toFixed(0)),
		row('build folder, MB', ({ build_mb }) => build_mb?.toFixed(1))
	].filter(([, ...cells]) => cells.some((cell) => cell !== ''));
	return table(['', ...columns.map(({ name }) => name)], rows);
}

/** @param {Findings} findings */
const rounds = ({ method }) =>
	`${method.rounds === 1 ? 'one round' : `median and range of ${method.rounds} rounds`} of ${method.seconds} s`;

/** @param {Findings} findings */
const circumstances = ({ machine, command }) =>
	`${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}, SvelteKit ${machine.kit}, ${machine.date}, \`${command}\`.`;

/** The table everyone asks for first. @param {Findings} findings */
export const excerpt = (
	findings
) => `Server CPU per request in microseconds, ${rounds(findings)}, and how many times ours the others take:

${cpu_table(findings)}

${circumstances(findings)}
`;

/** Everything. @param {Findings} findings */
export function markdown(findings) {
	const parts = [excerpt(findings)];
	/** @param {string} title @param {string} text @param {string | undefined} table */
	const add = (title, text, table) => {
		if (table) parts.push(`### ${title}\n\n${text}\n\n${table}\n`);
	};
	add(
		'Beyond SvelteKit itself',
		"CPU per request of SvelteKit's own `respond` in a loop without a server, and what each server takes more, in microseconds.",
		alone_table(findings)
	);
	add(
		'Speed at saturation',
		'Requests per second · median latency · 99th percentile, in milliseconds, with 64 connections that always wait for an answer.',
		speed_table(findings)
	);
	add(
		"The app's own timers at saturation",
		'How much later than asked a timer of 5 ms fires while the server is saturated: median · 99th percentile · worst, in milliseconds.',
		delay_table(findings)
	);
	add('Start, memory, size', 'Of the servers measured above.', facts_table(findings));
	return parts.join('\n');
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
