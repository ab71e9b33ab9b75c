/**
 * `npm run bench`: what one request costs the server in CPU, adapter-node against this
 * adapter, on the same app in the same run. The servers share one core and the load
 * generator has another; rounds alternate A B A B, so that a machine that slows down slows
 * both. Quote the ratio, not the microseconds: those are the machine's.
 *
 *   --rounds 5       rounds of each server on each path
 *   --seconds 3      length of a round, and of the warm-up before them
 *   --paths ssr,json which of ssr, load, json, prerendered, static
 *   --cores 0,1      core of the servers, core of the load generator
 *   --self           adapter-node against itself: the noise of this machine
 *   --smoke          half a second each: does the harness work, are the answers right
 *   --readme         put the results that stand in benches/results/ into README.md
 *
 * Writes ab.json, ab.md and ab.svg to benches/results/ after a whole run: neither --smoke,
 * --self nor --paths replace them.
 */

import fs from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { rss_mb } from '../benches/cpu.js';
import { round } from '../benches/load.js';
import { choose } from '../benches/paths.js';
import { insert, markdown, svg } from '../benches/report.js';
import { build_app, NAMES, start } from '../benches/servers.js';
import { compare } from '../benches/statistics.js';
import { build } from './build.js';
import { run } from './lib/command.js';
import { main } from './lib/main.js';
import { at, NODE } from './lib/places.js';
import { ensure_modules, ensure_programs } from './lib/toolchain.js';

/** @typedef {import('../benches/paths.js').BenchPath} BenchPath */
/** @typedef {import('../benches/servers.js').Adapter} Adapter */
/** @typedef {import('../benches/servers.js').BenchServer} BenchServer */
/** @typedef {import('../benches/load.js').Round} Round */

const RESULTS = at('benches', 'results');

/** @param {string} name @param {string | undefined} text @param {number} otherwise */
function number(name, text, otherwise) {
	if (text === undefined) return otherwise;
	const value = Number(text);
	if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not ${text}`);
	return value;
}

function options() {
	const { values } = parseArgs({
		options: {
			rounds: { type: 'string' },
			seconds: { type: 'string' },
			paths: { type: 'string' },
			cores: { type: 'string' },
			self: { type: 'boolean', default: false },
			smoke: { type: 'boolean', default: false },
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
	return {
		...values,
		rounds: Math.round(number('rounds', values.rounds, values.smoke ? 1 : 5)),
		seconds: number('seconds', values.seconds, values.smoke ? 0.5 : 3),
		server_core: cores[0],
		load_core: cores[1]
	};
}

/**
 * Both servers must answer the same, and what the path stands for, or the ratio means nothing.
 * @param {BenchServer[]} servers
 * @param {BenchPath} path
 */
async function check(servers, path) {
	const bodies = [];
	for (const { name, url } of servers) {
		const response = await fetch(new URL(path.path, url), {
			headers: { 'accept-encoding': 'identity' }
		});
		const body = Buffer.from(await response.arrayBuffer());
		const type = response.headers.get('content-type') ?? 'none';
		const [least, most] = path.size;
		const wrong =
			response.status !== 200
				? `status ${response.status}`
				: !path.type.test(type)
					? `content type ${type}`
					: body.length < least || body.length > most
						? `${body.length} bytes, expected ${least} to ${most}`
						: undefined;
		if (wrong) throw new Error(`${name} answers ${path.path} with ${wrong}`);
		bodies.push(body);
	}
	if (!bodies[0].equals(bodies[1])) {
		throw new Error(
			`${servers.map(({ name }) => name).join(' and ')} answer ${path.path} differently`
		);
	}
}

/**
 * @param {BenchServer[]} servers
 * @param {BenchPath} path
 * @param {ReturnType<typeof options>} options
 */
async function measure(servers, path, { rounds, seconds, load_core: core }) {
	for (const server of servers) await round(server, path.path, { seconds, core });
	/** @type {Round[][]} */
	const results = [[], []];
	for (let turn = 0; turn < rounds; turn++) {
		for (const [index, server] of servers.entries()) {
			results[index].push(await round(server, path.path, { seconds, core }));
		}
	}
	return compare(results[0], results[1]);
}

/**
 * @param {string} title
 * @param {ReturnType<typeof compare>} result
 */
function line(title, { a, b, ratio }) {
	const [first, second] = [a, b].map(({ us }) => `${us.median.toFixed(1)} µs`.padStart(10));
	const range = `${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)}`;
	return `${title.padEnd(16)}${first}${second}${ratio.median.toFixed(2).padStart(8)}x (${range})`;
}

async function machine() {
	const version = await run(NODE, ['--version'], { quiet: true });
	return {
		cpu: `${os.cpus()[0].model.trim()}, ${os.cpus().length} cores`,
		kernel: os.release(),
		node: version.trim().slice(1),
		date: new Date().toISOString().slice(0, 10)
	};
}

function write_readme() {
	const file = at('benches', 'results', 'ab.md');
	if (!fs.existsSync(file))
		throw new Error('There are no results yet. Measure first: npm run bench');
	const table = fs.readFileSync(file, 'utf8');
	const page = fs.readFileSync(at('README.md'), 'utf8');
	fs.writeFileSync(
		at('README.md'),
		insert(page, `${table}\n![the same as bars](benches/results/ab.svg)`)
	);
	console.log('README.md now shows benches/results/ab.md');
}

async function bench() {
	const chosen = options();
	if (chosen.readme) return write_readme();
	if (process.platform !== 'linux')
		throw new Error('The bench reads CPU time from /proc: Linux only.');
	await ensure_modules();
	if ((await ensure_programs(['wrk', 'taskset'])).length > 0) {
		throw new Error('The bench needs wrk and taskset.');
	}
	if (!chosen.smoke && !chosen.self) await build();

	/** @type {[Adapter, Adapter]} */
	const adapters = chosen.self ? ['node', 'node'] : ['node', 'oxide'];
	/** @type {Map<Adapter, string>} */
	const folders = new Map();
	for (const adapter of new Set(adapters)) folders.set(adapter, await build_app(adapter));

	/** @type {BenchServer[]} */
	const servers = [];
	/** @type {import('../benches/report.js').Measured[]} */
	const measured = [];
	/** @type {{ a: number, b: number }} */
	let memory;
	try {
		for (const adapter of adapters) {
			const folder = /** @type {string} */ (folders.get(adapter));
			servers.push(await start(adapter, folder, chosen.server_core));
		}
		const paths = choose(chosen.paths);
		for (const path of paths) await check(servers, path);
		for (const path of paths) {
			const result = await measure(servers, path, chosen);
			measured.push({ title: path.title, result });
			console.log(line(path.title, result));
		}
		memory = { a: rss_mb(servers[0].pid), b: rss_mb(servers[1].pid) };
	} finally {
		await Promise.all(servers.map((server) => server.stop()));
	}

	/** @type {import('../benches/report.js').Findings} */
	const findings = {
		a: NAMES[adapters[0]],
		b: chosen.self ? `${NAMES.node} again` : NAMES[adapters[1]],
		machine: await machine(),
		method: { rounds: chosen.rounds, seconds: chosen.seconds },
		start_ms: { a: servers[0].start_ms, b: servers[1].start_ms },
		rss_mb: memory,
		paths: measured
	};
	console.log(`\n${markdown(findings)}`);
	if (chosen.smoke || chosen.self || chosen.paths) return;

	fs.mkdirSync(RESULTS, { recursive: true });
	fs.writeFileSync(
		at('benches', 'results', 'ab.json'),
		JSON.stringify(findings, null, '\t') + '\n'
	);
	fs.writeFileSync(at('benches', 'results', 'ab.md'), markdown(findings));
	fs.writeFileSync(at('benches', 'results', 'ab.svg'), svg(findings));
	console.log('Written to benches/results/: ab.json, ab.md, ab.svg');
}

await main(import.meta.url, bench);
