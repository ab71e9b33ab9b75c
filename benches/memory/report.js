/** Writes down what the memory bench found: a Markdown page and an SVG plot. Measures nothing. */

/**
 * @typedef {object} MemoryFindings
 * @property {{ cpu: string, kernel: string, node: string, date: string }} machine
 * @property {Record<string, import('./idle.js').IdleResult[]>} [idle] by server
 * @property {import('./peers.js').PeersResult[]} [peers]
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

/** What the WebSockets did before they fell silent, for the table. */
const SAID = { silent: 'only its handshake', subscribed: 'has a topic' };

/** @param {NonNullable<MemoryFindings['peers']>} results */
function peers_table(results) {
	const rows = results.map(
		({ name, kind, peers, rss, anonymous, before, after }) =>
			`| ${name} | ${SAID[kind]} | ${peers} | ${kib(rss)} | ${kib(anonymous)} | ${mb(before)} | ${mb(after)} |`
	);
	return `## Idle WebSockets

KiB of resident memory each, and the server's resident MB before they came and after they had gone.

| server | each | WebSockets | KiB each | of it anonymous | MB before | MB after |
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
export function markdown({ machine, idle, peers, load, soak }) {
	const parts = [
		idle && idle_table(idle),
		peers && peers_table(peers),
		load && load_table(load),
		soak && soak_text(soak),
		`${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}, ${machine.date}.\n`
	];
	return parts.filter(Boolean).join('\n');
}
