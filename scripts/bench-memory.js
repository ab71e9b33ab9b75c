/**
 * `npm run bench:memory`: the memory of a server, adapter-node's beside this adapter's. Asks
 * what an idle connection costs, what an idle WebSocket costs, what the same load costs, and whether
 * memory grows with time. Without options all four are measured.
 *
 *   --idle 10000     idle keep-alive connections to open
 *   --kinds static   what they have asked for before: static, dynamic, silent; all by default
 *   --peers 10000    idle WebSockets to open; the package `ws` stands for the others
 *   --load 20        seconds of the same load for both
 *   --soak 600       seconds of mixed load, misbehaving clients included
 *   --rate 250       requests a second of the mixed load
 *   --server node    only that server: node or oxide; the soak takes oxide by default
 *   --build DIR      a finished build of the bench app for that server
 *   --core 0         core of the server
 *
 * Writes memory.json, memory.md and memory.svg to benches/results/ when all four were measured
 * or replaces the measured parts of those that stand there.
 */

import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { IDLE_KINDS, measure_idle } from '../benches/memory/idle.js';
import { measure_load } from '../benches/memory/load.js';
import { measure_peers, NODE_OPTIONS, PEER_KINDS } from '../benches/memory/peers.js';
import { svg } from '../benches/memory/plot.js';
import { markdown } from '../benches/memory/report.js';
import { soak } from '../benches/memory/soak.js';
import { build_app, launch, NAMES, start } from '../benches/servers.js';
import { build } from './build.js';
import { run } from './lib/command.js';
import { main } from './lib/main.js';
import { number } from './lib/options.js';
import { at, NODE } from './lib/places.js';
import { machine, result, write_results } from './lib/results.js';
import { ensure_modules } from './lib/toolchain.js';

/** @typedef {import('../benches/servers.js').Adapter} Adapter */
/** @typedef {import('../benches/servers.js').BenchServer} BenchServer */
/** @typedef {import('../benches/memory/report.js').MemoryFindings} MemoryFindings */

/** Descriptors a server needs beside those of its connections. */
const SPARE_FILES = 200;

/** Seconds of mixed load before the memory is looked at: the JIT and the heaps find their size. */
const WARM = 60;

function options() {
	const { values } = parseArgs({
		options: {
			idle: { type: 'string' },
			kinds: { type: 'string' },
			peers: { type: 'string' },
			load: { type: 'string' },
			soak: { type: 'string' },
			rate: { type: 'string' },
			server: { type: 'string' },
			build: { type: 'string' },
			core: { type: 'string' }
		}
	});
	const { server } = values;
	if (server !== undefined && server !== 'node' && server !== 'oxide') {
		throw new Error(`--server takes node or oxide, not ${server}`);
	}
	const known = /** @type {(keyof typeof IDLE_KINDS)[]} */ (Object.keys(IDLE_KINDS));
	const kinds = known.filter((kind) => !values.kinds || values.kinds.split(',').includes(kind));
	if (kinds.length === 0) throw new Error(`--kinds takes some of ${known}, not ${values.kinds}`);
	const all = !values.idle && !values.peers && !values.load && !values.soak;
	if (values.build && !server) throw new Error('--build needs to know by --server whose it is');
	return {
		kinds,
		idle: number('idle', values.idle, all ? 10_000 : 0),
		peers: number('peers', values.peers, all ? 10_000 : 0),
		load: number('load', values.load, all ? 20 : 0),
		soak: number('soak', values.soak, all ? 600 : 0),
		rate: number('rate', values.rate, 250),
		core: Number(values.core ?? 0),
		folder: values.build,
		server: /** @type {Adapter | undefined} */ (server)
	};
}

/** Whether this shell may open so many connections at all. @param {number} connections */
async function check_files(connections) {
	const limit = (await run('sh', ['-c', 'ulimit -n'], { quiet: true })).trim();
	if (limit !== 'unlimited' && Number(limit) < connections + SPARE_FILES) {
		throw new Error(
			`${connections} connections need ${connections + SPARE_FILES} file descriptors and ulimit -n says ${limit}.\n` +
				`Raise it (ulimit -n ${connections + SPARE_FILES}) or ask for fewer.`
		);
	}
}

/** @param {number} bytes */
const mb = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

/**
 * What is compared with the hub: adapter-node has no WebSockets, so those who want some use this.
 * @param {number} core
 */
const start_ws = (core) =>
	launch('ws', core, (port) => ({
		program: NODE,
		args: [at('benches', 'ws', 'ws.js')],
		cwd: at(),
		env: { HOST: '127.0.0.1', PORT: `${port}` }
	}));

/**
 * A fresh server for one measurement.
 * @template T
 * @param {Promise<BenchServer>} starting
 * @param {(server: BenchServer) => Promise<T>} measure
 */
async function with_server(starting, measure) {
	const server = await starting;
	try {
		return await measure(server);
	} finally {
		await server.stop();
	}
}

async function bench() {
	const chosen = options();
	if (process.platform !== 'linux') throw new Error('The memory bench reads /proc: Linux only.');
	await check_files(Math.max(chosen.idle, chosen.peers));
	await ensure_modules();

	/** @type {Adapter[]} */
	const compared = chosen.server ? [chosen.server] : ['node', 'oxide'];
	const soaked = chosen.server ?? 'oxide';
	const needed = new Set([
		...(chosen.idle || chosen.load ? compared : []),
		...(chosen.peers ? compared.filter((adapter) => adapter === 'oxide') : []),
		...(chosen.soak ? [soaked] : [])
	]);
	/** @type {Map<Adapter, string>} */
	const folders = new Map();
	if (needed.has('oxide') && !chosen.folder) await build();
	for (const adapter of needed) {
		folders.set(adapter, chosen.folder ?? (await build_app(adapter)));
	}
	/** @param {Adapter} adapter */
	const folder = (adapter) => /** @type {string} */ (folders.get(adapter));
	/** @param {Adapter} adapter */
	const start_one = (adapter) => start(adapter, folder(adapter), chosen.core);
	// idle connections are to stay, and adapter-node closes them after five seconds
	process.env.KEEP_ALIVE_TIMEOUT = '3600';
	// WebSockets come from few addresses, at once
	process.env.WEBSOCKET_UPGRADE_RATE_LIMIT = '0';
	process.env.WEBSOCKET_MAX_PEERS = `${Math.max(50_000, chosen.peers)}`;
	process.env.WEBSOCKET_MAX_PEERS_PER_ADDRESS = process.env.WEBSOCKET_MAX_PEERS;
	process.env.MAX_CONNECTIONS = `${Math.max(65_536, chosen.peers + SPARE_FILES)}`;

	/** @type {MemoryFindings} */
	const findings = { machine: await machine() };
	if (chosen.idle) {
		findings.idle = {};
		for (const adapter of compared) {
			/** @type {import('../benches/memory/idle.js').IdleResult[]} */
			const results = (findings.idle[NAMES[adapter]] = []);
			for (const kind of chosen.kinds) {
				const result = await with_server(start_one(adapter), (server) =>
					measure_idle(server, kind, chosen.idle)
				);
				results.push(result);
				console.log(
					`${NAMES[adapter].padEnd(22)}${kind.padEnd(9)}${(result.rss / 1024).toFixed(2).padStart(7)} KiB per connection` +
						` (${mb(result.before)} before, ${mb(result.after)} after)`
				);
			}
		}
	}
	if (chosen.peers) {
		process.env.NODE_OPTIONS = NODE_OPTIONS;
		findings.peers = [];
		for (const adapter of compared) {
			for (const kind of /** @type {(keyof typeof PEER_KINDS)[]} */ (Object.keys(PEER_KINDS))) {
				const starting = adapter === 'oxide' ? start_one(adapter) : start_ws(chosen.core);
				const result = await with_server(starting, (server) =>
					measure_peers(server, kind, chosen.peers)
				);
				findings.peers.push(result);
				console.log(
					`${result.name.padEnd(22)}${kind.padEnd(11)}${(result.rss / 1024).toFixed(2).padStart(7)} KiB per WebSocket` +
						` (${mb(result.before)} before, ${mb(result.after)} after)`
				);
			}
		}
		delete process.env.NODE_OPTIONS;
	}
	if (chosen.load) {
		findings.load = [];
		for (const adapter of compared) {
			const load = { rate: 500, seconds: chosen.load, connections: 64 };
			const result = await with_server(start_one(adapter), (server) => measure_load(server, load));
			findings.load.push(result);
			console.log(
				`${result.name.padEnd(22)}${mb(result.started)} started, ${mb(result.peak)} peak, ${mb(result.settled)} settled`
			);
		}
	}
	if (chosen.soak) {
		findings.soak = await with_server(start_one(soaked), (server) =>
			soak(
				server,
				{ seconds: chosen.soak, warm: Math.min(WARM, chosen.soak), rate: chosen.rate },
				({ at, rss }) => {
					if (Math.round(at) % 20 < 2) console.log(`${at.toFixed(0).padStart(5)} s  ${mb(rss)}`);
				}
			)
		);
	}
	console.log(`\n${markdown(findings)}`);
	if (findings.soak?.grown) process.exitCode = 1;
	// one server alone is somebody's experiment
	if (chosen.server) return;
	write(findings);
}

/**
 * Replaces what was measured now and leaves the rest of the last results.
 * @param {MemoryFindings} findings
 */
function write(findings) {
	const file = result('memory.json');
	/** @type {Partial<MemoryFindings>} */
	const last = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
	/** @type {MemoryFindings} */
	const all = { ...last, ...findings };
	write_results('memory', { json: all, md: markdown(all), svg: all.soak && svg(all.soak) });
	console.log('Written to benches/results/: memory.json, memory.md, memory.svg');
}

await main(import.meta.url, bench);
