/**
 * `npm run bench:ws`: what it costs a server to hand a message to many. Subscribers on one core
 * count what reaches them while a publisher there keeps messages under way; the server has the
 * other core. This adapter's hub with the app's `message` hook in between, beside the package `ws`;
 * in turns.
 *
 *   --rounds 5     rounds of each server in each setting
 *   --seconds 3    length of a round
 *   --smoke        half a second each: does it work
 *
 * Writes ws.json and ws.md to benches/results/ after a whole run.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { cpu_us, memory_mb } from '../benches/cpu.js';
import { build_app, launch, start } from '../benches/servers.js';
import { spread } from '../benches/statistics.js';
import { build } from './build.js';
import { run } from './lib/command.js';
import { main } from './lib/main.js';
import { timing, timing_options } from './lib/options.js';
import { at, NODE } from './lib/places.js';
import { machine, write_results } from './lib/results.js';
import { ensure_modules, ensure_programs } from './lib/toolchain.js';

/** Subscribers, and messages that are kept under way to all of them. */
const SETTINGS = [
	{ peers: 50, in_flight: 1 },
	{ peers: 50, in_flight: 32 },
	{ peers: 500, in_flight: 1 },
	{ peers: 500, in_flight: 32 }
];

/** A text as a chat has them. */
const MESSAGE = 'p'.padEnd(60, '.');

const SERVER_CORE = 0;
const LOAD_CORE = 1;

function options() {
	const { values } = parseArgs({ options: timing_options });
	return { smoke: values.smoke, ...timing(values) };
}

/** The load generator. */
async function build_fan() {
	const profile = ['--profile', 'bench', '--no-default-features'];
	await run('cargo', ['build', ...profile, '--example', 'fan']);
	return at('target', 'release', 'examples', 'fan');
}

/**
 * @typedef {object} Round
 * @property {number} us server CPU per delivery, microseconds
 * @property {number} rate deliveries per second
 */

/**
 * @param {string} fan
 * @param {import('../benches/servers.js').BenchServer} server
 * @param {typeof SETTINGS[number]} setting
 * @param {number} seconds
 * @returns {Promise<Round>}
 */
async function round(fan, { name, pid, url }, { peers, in_flight }, seconds) {
	const args = [new URL(url).host, '/ws', `${peers}`, `${in_flight}`, `${seconds}`, 's', MESSAGE];
	const child = spawn('taskset', ['-c', `${LOAD_CORE}`, fan, ...args], {
		stdio: ['pipe', 'pipe', 'pipe']
	});
	let errors = '';
	child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
	const exit = once(child, 'exit');
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	await lines.next();
	const before = cpu_us(pid);
	child.stdin.end('go\n');
	const { value: report } = await lines.next();
	const used = cpu_us(pid) - before;
	const [code] = await exit;
	if (code !== 0) throw new Error(`${name}, ${peers} peers: ${errors.trim()}`);
	const { deliveries, seconds: took } = JSON.parse(`${report}`);
	return { us: used / deliveries, rate: deliveries / took };
}

/** @param {import('../benches/statistics.js').Spread} spread @param {number} [digits] */
const told = ({ median, min, max }, digits = 2) =>
	`${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`;

/**
 * @typedef {object} Row
 * @property {number} peers
 * @property {number} in_flight
 * @property {Record<string, { us: import('../benches/statistics.js').Spread, rate: import('../benches/statistics.js').Spread }>} servers
 */

/**
 * @param {Row[]} rows
 * @param {Record<string, number>} memory
 * @param {import('./lib/results.js').Machine} where
 */
function markdown(rows, memory, where) {
	const names = Object.keys(memory);
	const lines = rows.map(({ peers, in_flight, servers }) => {
		const cells = names.map((name) => told(servers[name].us));
		const rates = names.map((name) => (servers[name].rate.median / 1000).toFixed(0));
		const times = servers[names[0]].us.median / servers[names[1]].us.median;
		return `| ${[peers, in_flight, ...cells, `**${times.toFixed(1)}x**`, ...rates].join(' | ')} |`;
	});
	return `Server CPU per delivery of a text of ${MESSAGE.length} bytes, in microseconds, median and range of rounds in turns; a hook of the app publishes each message.

| subscribers | messages under way | ${names.join(' | ')} | | ${names.map((name) => `${name}, 1000 deliveries/s`).join(' | ')} |
| ---: | ---: | ${names.map(() => '---:').join(' | ')} | ---: | ${names.map(() => '---:').join(' | ')} |
${lines.join('\n')}

Resident MB after all rounds: ${names.map((name) => `${name} ${memory[name].toFixed(0)}`).join(', ')}.

${where.cpu}, Node ${where.node}, ${where.date}, \`npm run bench:ws\`.
`;
}

async function bench() {
	const chosen = options();
	if (process.platform !== 'linux')
		throw new Error('The bench reads CPU time from /proc: Linux only.');
	await ensure_modules();
	if ((await ensure_programs(['taskset'])).length > 0) throw new Error('The bench needs taskset.');
	if (!chosen.smoke) await build();
	const fan = await build_fan();

	const all = [
		await launch('ws', SERVER_CORE, (port) => ({
			program: NODE,
			args: [at('benches', 'ws', 'ws.js')],
			cwd: at(),
			env: { HOST: '127.0.0.1', PORT: `${port}` }
		})),
		await start('oxide', await build_app('oxide'), SERVER_CORE)
	];
	try {
		/** @type {Row[]} */
		const rows = [];
		for (const setting of SETTINGS) {
			/** @type {Round[][]} */
			const found = all.map(() => []);
			if (chosen.warmup > 0) for (const each of all) await round(fan, each, setting, chosen.warmup);
			for (let turn = 0; turn < chosen.rounds; turn += 1) {
				for (const [place, server] of all.entries()) {
					found[place].push(await round(fan, server, setting, chosen.seconds));
				}
			}
			const servers = Object.fromEntries(
				all.map(({ name }, place) => [
					name,
					{
						us: spread(found[place].map(({ us }) => us)),
						rate: spread(found[place].map(({ rate }) => rate))
					}
				])
			);
			rows.push({ ...setting, servers });
			const cells = all.map(({ name }) => `${name} ${told(servers[name].us)} µs`);
			console.log(`${setting.peers} peers, ${setting.in_flight} under way: ${cells.join(' · ')}`);
		}
		const memory = Object.fromEntries(all.map(({ name, pid }) => [name, memory_mb(pid).resident]));
		const where = await machine();
		const page = markdown(rows, memory, where);
		console.log(`\n${page}`);
		if (chosen.smoke) return;
		write_results('ws', { json: { machine: where, rows, memory }, md: page });
	} finally {
		await Promise.all(all.map((server) => server.stop()));
	}
}

await main(import.meta.url, bench);
