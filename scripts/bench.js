/**
 * `npm run bench`: what one request costs the server in CPU, on the same app in the same run:
 * adapter-node, nginx for files, svelte-adapter-uws where it can be had, SvelteKit without any
 * server, and this adapter. The servers share one core and the load generator has another;
 * their rounds alternate, so that a machine that slows down slows all. Quote the ratios, not
 * the microseconds: those are the machine's.
 *
 *   --rounds 5         rounds of each subject on each path
 *   --seconds 3        length of a round
 *   --warmup 3         seconds of load before the first round of a path
 *   --paths ssr,json   which paths (benches/paths.js); then only the load is measured
 *   --subjects node,.. which of node, uws, nginx, kit, oxide
 *   --figures load,..  which of load, delay (of the app's timers at saturation), start
 *   --cores 0,1        core of the servers, core of the load generator
 *   --no-build         take the addon as it stands
 *   --self             adapter-node against itself: the noise of this machine
 *   --smoke            half a second each: does the harness work, are the answers right
 *   --readme           put the results that stand in benches/results/ into the pages
 *
 * Writes bench.json, bench.md and bench.svg to benches/results/ after a whole run: no run of
 * --smoke, --self or of a part replaces them. The method is told in docs/benchmarks.md.
 */

import fs from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { check } from '../benches/ask.js';
import { memory_mb } from '../benches/cpu.js';
import { measure_delay, measure_path, measure_starts } from '../benches/measure.js';
import { choose, PATHS } from '../benches/paths.js';
import { svg } from '../benches/plot.js';
import { excerpt, insert, markdown, short } from '../benches/report.js';
import { choose_subjects, SELF } from '../benches/subjects.js';
import { build } from './build.js';
import { main } from './lib/main.js';
import { timing, timing_options } from './lib/options.js';
import { at } from './lib/places.js';
import { machine, result, write_results } from './lib/results.js';
import { ensure_modules, ensure_programs, warn } from './lib/toolchain.js';

/** @typedef {import('../benches/measure.js').PathResult} PathResult */
/** @typedef {import('../benches/paths.js').BenchPath} BenchPath */
/** @typedef {import('../benches/report.js').Findings} Findings */
/** @typedef {import('../benches/subjects.js').Running} Running */
/** @typedef {import('../benches/subjects.js').Subject} Subject */

const FIGURES = ['load', 'delay', 'start'];

/** Paths under which the app's timers are watched: the cheapest render and a page. */
const DELAY_PATHS = ['json', 'ssr'];

function options() {
	const { values } = parseArgs({
		options: {
			...timing_options,
			paths: { type: 'string' },
			subjects: { type: 'string' },
			figures: { type: 'string' },
			cores: { type: 'string' },
			'no-build': { type: 'boolean', default: false },
			self: { type: 'boolean', default: false },
			readme: { type: 'boolean', default: false }
		}
	});
	const cores = (values.cores ?? '0,1').split(',').map(Number);
	if (cores.length !== 2 || cores[0] === cores[1] || cores.some((core) => !(core >= 0))) {
		throw new Error(`--cores takes two different core numbers such as 0,1, not ${values.cores}`);
	}
	if (Math.max(...cores) >= os.cpus().length) {
		throw new Error(`--cores ${cores}: this machine has ${os.cpus().length} core(s)`);
	}
	const figures =
		values.figures?.split(',').map((name) => name.trim()) ??
		(values.paths || values.self ? ['load'] : FIGURES);
	const unknown = figures.find((name) => !FIGURES.includes(name));
	if (unknown !== undefined)
		throw new Error(`No figure ${unknown}. Figures: ${FIGURES.join(', ')}`);

	const { smoke, self, readme } = values;
	const part = smoke || self || values.paths || values.subjects || values.figures;
	return {
		smoke,
		readme,
		figures,
		whole: !part,
		build: !smoke && !self && !values['no-build'],
		paths: choose(values.paths),
		subjects: self ? SELF : choose_subjects(values.subjects),
		method: {
			...timing(values),
			server_core: cores[0],
			load_core: cores[1]
		}
	};
}

/**
 * Those of the subjects that can be had here.
 * @param {Subject[]} subjects
 * @param {boolean} smoke
 */
async function ready(subjects, smoke) {
	/** @type {Subject[]} */
	const found = [];
	for (const subject of subjects) {
		const reason = await subject.prepare(smoke);
		if (reason) warn(`${subject.name} is left out: ${reason}`);
		else found.push(subject);
	}
	return found;
}

/** One line on the terminal for what a path has shown. @param {Running[]} all @param {PathResult} result */
function line(all, { title, figures, ratios }) {
	const cells = all.flatMap(({ subject: { id, name } }) => {
		if (!figures[id]) return [];
		const ratio = ratios[id] ? ` ${ratios[id].median.toFixed(2)}x` : '';
		return `${name} ${short(figures[id].us.median)} µs${ratio}`;
	});
	return `${title.padEnd(26)}${cells.join(' · ')}`;
}

/** Puts the results into the pages that quote them. */
function write_pages() {
	const file = result('bench.json');
	if (!fs.existsSync(file))
		throw new Error('There are no results yet. Measure first: npm run bench');
	/** @type {Findings} */
	const findings = JSON.parse(fs.readFileSync(file, 'utf8'));
	const plot = '![the same as bars](benches/results/bench.svg)';
	for (const [page, text] of [
		['README.md', `${excerpt(findings)}\n${plot}`],
		['docs/benchmarks.md', `${markdown(findings)}\n${plot.replace('(', '(../')}`]
	]) {
		fs.writeFileSync(at(page), insert(fs.readFileSync(at(page), 'utf8'), text));
		console.log(`${page} now shows benches/results/bench.json`);
	}
}

/** Bytes of a folder in MB. @param {string} folder */
function size_mb(folder) {
	let bytes = 0;
	for (const name of fs.readdirSync(folder, { encoding: 'utf8', recursive: true })) {
		const facts = fs.statSync(`${folder}/${name}`);
		if (facts.isFile()) bytes += facts.size;
	}
	return bytes / 1024 / 1024;
}

/**
 * Starts a subject; a peer that does not start is left out.
 * @param {Subject} subject
 * @param {number} core
 */
async function started(subject, core) {
	try {
		return await subject.start(core);
	} catch (error) {
		if (!subject.peer) throw error;
		warn(`${subject.name} is left out: ${/** @type {Error} */ (error).message}`);
		return undefined;
	}
}

/**
 * Everything that is asked of running servers.
 * @param {Subject[]} subjects
 * @param {ReturnType<typeof options>} options
 */
async function under_load(subjects, { paths, figures, method }) {
	/** @type {Running[]} */
	const all = [];
	/** @type {Pick<Findings, 'paths' | 'delay'>} */
	const found = { paths: [], delay: [] };
	/** @type {Map<string, ReturnType<typeof memory_mb>>} */
	const memory = new Map();
	try {
		for (const subject of subjects) {
			const running = await started(subject, method.server_core);
			if (running) all.push(running);
		}
		/** @type {Map<BenchPath, Running[]>} */
		const taking = new Map();
		for (const path of paths) taking.set(path, await check(all, path, warn));
		for (const [path, each] of figures.includes('load') ? taking : []) {
			const result = await measure_path(each, path, method);
			found.paths.push(result);
			console.log(line(all, result));
		}
		for (const { subject, server } of all) {
			if (server) memory.set(subject.id, memory_mb(server.pid));
		}
		if (figures.includes('delay')) {
			for (const path of PATHS.filter(({ name }) => DELAY_PATHS.includes(name))) {
				found.delay.push(await measure_delay(all, path, method));
			}
		}
	} finally {
		await Promise.all(all.map((each) => each.stop()));
	}
	return { ...found, memory };
}

async function bench() {
	const chosen = options();
	if (chosen.readme) return write_pages();
	if (process.platform !== 'linux')
		throw new Error('The bench reads CPU time from /proc: Linux only.');
	await ensure_modules();
	if ((await ensure_programs(['wrk', 'taskset'])).length > 0) {
		throw new Error('The bench needs wrk and taskset.');
	}
	if (chosen.build) await build();

	const subjects = await ready(chosen.subjects, chosen.smoke);
	const { paths, delay, memory } = await under_load(subjects, chosen);
	const starts = chosen.figures.includes('start')
		? await measure_starts(
				subjects.filter(({ id }) => memory.has(id)),
				chosen.method
			)
		: {};

	/** @type {Findings} */
	const findings = {
		command: ['npm run bench', ...(process.argv.length > 2 ? ['--'] : [])]
			.concat(process.argv.slice(2))
			.join(' '),
		machine: await machine(),
		method: chosen.method,
		subjects: subjects.map(({ id, name, folder }) => ({
			id,
			name,
			start_ms: starts[id],
			memory_mb: memory.get(id),
			build_mb: folder ? size_mb(folder) : undefined
		})),
		paths,
		delay
	};
	console.log(`\n${markdown(findings)}`);
	if (!chosen.whole) return;

	write_results('bench', { json: findings, md: markdown(findings), svg: svg(findings) });
	console.log('Written to benches/results/: bench.json, bench.md, bench.svg');
}

await main(import.meta.url, bench);
