/**
 * `npm run bench:workers`: what more than one core brings. Two workers of this adapter beside one,
 * and beside adapter-node in two processes under `node:cluster`; on the same app, in turns.
 *
 *   --rounds 5       rounds of each server on each path
 *   --seconds 3      length of a round
 *   --warmup 3       seconds of load before the first round of a path
 *   --workers 2      workers, and processes of the cluster
 *   --paths json,ssr which paths (benches/paths.js)
 *   --shapes 1x1,2x1 workers and I/O threads of each of our servers
 *   --smoke          half a second each: does it work
 *
 * Servers and load generator share all cores: requests per second are those of a machine that does
 * both, and requests per second of CPU are those of the server alone. Then all workers are
 * blocked, and what needs none of them is asked for. Writes workers.json and workers.md to
 * benches/results/ after a whole run.
 */

import os from 'node:os';
import { parseArgs } from 'node:util';
import { memory_mb } from '../benches/cpu.js';
import { round } from '../benches/load.js';
import { choose } from '../benches/paths.js';
import { build_app, launch } from '../benches/servers.js';
import { figures } from '../benches/statistics.js';
import { build } from './build.js';
import { main } from './lib/main.js';
import { number, timing, timing_options } from './lib/options.js';
import { at, NODE } from './lib/places.js';
import { machine, write_results } from './lib/results.js';
import { ensure_modules, ensure_programs } from './lib/toolchain.js';

/** @typedef {import('../benches/servers.js').BenchServer} BenchServer */
/** @typedef {import('../benches/statistics.js').Figures} Figures */

function options() {
	const { values } = parseArgs({
		options: {
			...timing_options,
			workers: { type: 'string' },
			paths: { type: 'string' },
			shapes: { type: 'string' }
		}
	});
	const workers = Math.round(number('workers', values.workers, 2));
	return {
		smoke: values.smoke,
		whole: !values.smoke && !values.shapes && !values.paths,
		...timing(values),
		workers,
		shapes: (values.shapes ?? `1x1,${workers}x1`).split(',').map(shape),
		paths: choose(values.paths ?? 'json,ssr')
	};
}

/** @param {string} number @param {string} what */
const count = (number, what) => `${number} ${what}${number === '1' ? '' : 's'}`;

/** @param {string} text such as `2x1` */
function shape(text) {
	const found = /^(\d+)x(\d+)$/.exec(text);
	if (!found) throw new Error(`--shapes takes workers and I/O threads such as 2x1, not ${text}`);
	return { workers: found[1], io: found[2] };
}

/**
 * The servers by name, each on all cores.
 * @param {ReturnType<typeof options>} chosen
 */
async function servers({ workers, shapes }) {
	const [node, oxide] = [await build_app('node'), await build_app('oxide')];
	const cores = `0-${os.cpus().length - 1}`;
	/**
	 * @param {string} name
	 * @param {string} cwd
	 * @param {string} script
	 * @param {Record<string, string>} env
	 */
	const launched = (name, cwd, script, env) =>
		launch(name, cores, (port) => ({
			program: NODE,
			args: [script],
			cwd,
			env: { NODE_ENV: 'production', HOST: '127.0.0.1', PORT: `${port}`, ...env }
		}));
	const cluster = at('benches', 'cluster.js');
	return Promise.all([
		launched(`node:cluster, ${workers} x adapter-node`, node, cluster, {
			CLUSTER_PROCESSES: `${workers}`
		}),
		...shapes.map(({ workers, io }) => {
			const threads = shapes.some((other) => other.io !== '1')
				? `, ${count(io, 'I/O thread')}`
				: '';
			const name = `svelte-adapter-oxide, ${count(workers, 'worker')}${threads}`;
			return launched(name, oxide, 'index.js', { CLUSTER_WORKERS: workers, IO_THREADS: io });
		})
	]);
}

/**
 * @typedef {object} Row
 * @property {string} path
 * @property {string} server
 * @property {Figures} figures
 */

/**
 * @param {BenchServer[]} all
 * @param {ReturnType<typeof options>} chosen
 */
async function measure(all, { paths, rounds, seconds, warmup }) {
	const core = `0-${os.cpus().length - 1}`;
	/** @type {Row[]} */
	const rows = [];
	for (const path of paths) {
		if (warmup > 0) for (const server of all) await round(server, path, { seconds: warmup, core });
		const found = all.map(() => /** @type {import('../benches/load.js').Round[]} */ ([]));
		for (let turn = 0; turn < rounds; turn += 1) {
			for (const [place, server] of all.entries()) {
				found[place].push(await round(server, path, { seconds, core }));
			}
		}
		for (const [place, server] of all.entries()) {
			const row = { path: path.title, server: server.name, figures: figures(found[place]) };
			rows.push(row);
			console.log(`${row.path.padEnd(20)} ${row.server.padEnd(34)} ${cells(row)}`);
		}
	}
	return rows;
}

/** @param {Row} row */
function cells({ figures: { rps, us, p99_ms } }) {
	const whole = (/** @type {number} */ value) => value.toFixed(0);
	const range = `${whole(1e6 / us.max)}-${whole(1e6 / us.min)}`;
	return `${whole(rps.median)} | ${whole(1e6 / us.median)} (${range}) | ${p99_ms?.median.toFixed(1)}`;
}

/** What is answered without a worker. @type {import('../benches/paths.js').BenchPath[]} */
const FREE = [
	...choose('static'),
	{ name: 'health', title: '/health', path: '/health', type: /^application\/json/, size: [2, 99] }
];

/** Longer than a round, so that all of it is blocked. */
const BLOCKED_MORE = 1.5;

/**
 * How late files and health checks are while every worker stands still.
 * @param {BenchServer} server
 * @param {ReturnType<typeof options>} chosen
 */
async function measure_blocked(server, { workers, rounds, seconds }) {
	const core = `0-${os.cpus().length - 1}`;
	/** @type {{ path: string, free: Figures, blocked: Figures }[]} */
	const found = [];
	for (const path of FREE) {
		const free = [];
		const blocked = [];
		for (let turn = 0; turn < rounds; turn += 1) {
			free.push(await round(server, path, { seconds, core }));
			const ms = Math.ceil((seconds + BLOCKED_MORE) * 1000);
			const blocks = Array.from({ length: workers }, () =>
				fetch(new URL(`/block?ms=${ms}`, server.url)).then((response) => response.text())
			);
			blocked.push(await round(server, path, { seconds, core }));
			await Promise.all(blocks);
		}
		found.push({ path: path.title, free: figures(free), blocked: figures(blocked) });
	}
	return found;
}

/** @param {Awaited<ReturnType<typeof measure_blocked>>} found */
function blocked_table(found) {
	/** @param {Figures} figures */
	const p99 = ({ p99_ms }) =>
		`${p99_ms?.median.toFixed(2)} (${p99_ms?.min.toFixed(2)}-${p99_ms?.max.toFixed(2)})`;
	const lines = found.map(
		({ path, free, blocked }) => `| ${path} | ${p99(free)} | ${p99(blocked)} |`
	);
	return `| 99th percentile of latency, ms | workers free | all workers blocked |
| --- | ---: | ---: |
${lines.join('\n')}`;
}

/**
 * @param {Row[]} rows
 * @param {{ name: string, resident: number }[]} memory
 * @param {Awaited<ReturnType<typeof measure_blocked>>} blocked
 * @param {import('./lib/results.js').Machine} machine
 */
function markdown(rows, memory, blocked, machine) {
	const lines = rows.map((row) => `| ${row.path} | ${row.server} | ${cells(row)} |`);
	const resident = memory.map(({ name, resident }) => `| ${name} | ${resident.toFixed(0)} |`);
	return `Medians of rounds in turns, and the range; server and load generator on the same cores.

| path | server | requests/s | requests per second of CPU | p99, ms |
| --- | --- | ---: | ---: | ---: |
${lines.join('\n')}

| server | resident MB after all rounds |
| --- | ---: |
${resident.join('\n')}

${blocked_table(blocked)}

${machine.cpu}, Node ${machine.node}, ${machine.date}, \`npm run bench:workers\`.
`;
}

async function bench() {
	const chosen = options();
	if (process.platform !== 'linux')
		throw new Error('The bench reads CPU time from /proc: Linux only.');
	await ensure_modules();
	if ((await ensure_programs(['wrk', 'taskset'])).length > 0) {
		throw new Error('The bench needs wrk and taskset.');
	}
	if (!chosen.smoke) await build();

	const all = await servers(chosen);
	try {
		const rows = await measure(all, chosen);
		const memory = all.map(({ name, pid }) => ({ name, ...memory_mb(pid) }));
		const blocked = await measure_blocked(all[all.length - 1], chosen);
		const where = await machine();
		const page = markdown(rows, memory, blocked, where);
		console.log(`\n${page}`);
		if (!chosen.whole) return;
		write_results('workers', { json: { machine: where, rows, memory, blocked }, md: page });
	} finally {
		await Promise.all(all.map((server) => server.stop()));
	}
}

await main(import.meta.url, bench);
