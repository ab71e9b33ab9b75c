/**
 * The stages of `npm test`: what each runs, in which order, and what it needs. Cheap
 * checks stand first, and one release build of the addon serves every stage after it.
 */

import fs from 'node:fs';
import { missing } from '../autobahn.js';
import { build } from '../build.js';
import { pack } from '../pack-local.js';
import { run, succeeds } from './command.js';
import { at, NODE, ROOT } from './places.js';
import { nothing } from './tally.js';
import { warn } from './toolchain.js';

/** @typedef {import('./tally.js').Tests} Tests */
/** @typedef {import('./toolchain.js').Program} Program */

/**
 * @typedef {object} Stage
 * @property {string} name as `--only` takes it
 * @property {string} title
 * @property {string[]} [after] stages that must have passed
 * @property {Program[]} [programs] what must be installed besides Node and Rust
 * @property {(report: (tests: Tests) => void) => Promise<string | void>} run resolves to
 *   the reason where it had to be left out
 */

/** Without the `napi` feature the crate must build and pass its tests on its own. */
const CORE = '--no-default-features';

/**
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, online?: (line: string) => void }} [options]
 */
const cargo = (args, options) => run('cargo', args, options);

/**
 * Runs `cargo test` and reports the counts it prints for each test binary.
 * @param {string[]} args
 * @param {(tests: Tests) => void} report
 */
function cargo_test(args, report) {
	return cargo(['test', ...args], {
		online(line) {
			const found = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/.exec(line);
			if (found) {
				report({ ...nothing(), passed: +found[1], failed: +found[2], skipped: +found[3] });
			}
			const failed = /^test (\S+) .*\.\.\. FAILED$/.exec(line);
			if (failed) report({ ...nothing(), failures: [{ test: failed[1] }] });
		}
	});
}

/**
 * A tool of `node_modules`, run by Node 24.
 * @param {string} file below `node_modules`
 * @param {...string} args
 */
const tool = (file, ...args) => run(NODE, [at('node_modules', file), ...args]);

/** Folders below `__test__` that hold test files: each is a stage of the same name. */
function test_folders() {
	const entries = fs.existsSync(at('__test__')) ? fs.readdirSync(at('__test__')) : [];
	return entries.filter((name) => test_files(name).length > 0);
}

/** @param {string} folder below `__test__` */
function test_files(folder) {
	const place = at('__test__', folder);
	if (!fs.existsSync(place) || !fs.statSync(place).isDirectory()) return [];
	const files = fs.readdirSync(place).filter((file) => file.endsWith('.test.js'));
	return files.sort().map((file) => `__test__/${folder}/${file}`);
}

/**
 * @param {string} folder
 * @param {number} at_once how many of its files
 * @param {(tests: Tests) => void} report
 */
async function run_tests(folder, at_once, report) {
	const files = test_files(folder);
	if (files.length === 0) throw new Error(`__test__/${folder} holds no *.test.js`);

	const counts = at('target', `tests-${folder}.json`);
	fs.mkdirSync(at('target'), { recursive: true });
	fs.rmSync(counts, { force: true });
	try {
		await run(NODE, [
			'--test',
			// no test may hold up the run for ever
			'--test-timeout=1200000',
			`--test-concurrency=${at_once}`,
			...['--test-reporter=spec', '--test-reporter-destination=stdout'],
			...[
				`--test-reporter=./scripts/lib/count-reporter.js`,
				`--test-reporter-destination=${counts}`
			],
			...files
		]);
	} finally {
		// absent when Node itself could not start: the error of `run` says why
		if (fs.existsSync(counts))
			report({ ...nothing(), ...JSON.parse(fs.readFileSync(counts, 'utf8') || '{}') });
	}
}

/**
 * The suites there have to be: one of these without a test file is a failure. Any other
 * folder below `__test__` that holds test files is a stage too, and needs no entry here.
 * `at_once` is how many files of a suite run beside each other: one, unless they spend their time on
 * starting servers rather than on loading or measuring them.
 * @type {Record<string, { title: string, after?: string[], programs?: Program[], at_once?: number }>}
 */
const SUITES = {
	adapter: { title: 'options, hand-off and whole builds of the adapter', at_once: 2 },
	server: { title: 'the server, byte by byte, with clients and routes that misbehave' },
	web: { title: 'light web objects beside those of the platform, in random programs' },
	client: { title: 'the client library, in pages and with servers that are scripted', after: [] },
	workers: { title: 'workers that die, are replaced, scaled, deployed to, overloaded' },
	sockets: { title: 'WebSockets: handshakes, hooks and the hub, from outside', at_once: 2 },
	redis: {
		title: 'hubs of several processes, joined by a real Redis that comes and goes',
		programs: ['redis-server'],
		at_once: 2
	},
	parity: {
		title: 'the same answers as adapter-node, with light web objects and with native ones',
		at_once: 2
	},
	browser: {
		title: 'the example apps in Chromium',
		after: ['pack'],
		programs: ['chromium'],
		at_once: 2
	},
	scaffold: { title: 'freshly scaffolded apps with one line changed', after: ['pack'], at_once: 2 },
	middleware: { title: 'build/handler.js in Express, Fastify and Polka' },
	nodes: { title: 'builds of both kits on every Node they support' },
	package: { title: 'the tarballs in an app of their own, on every Node', after: ['pack'] }
};

/** @returns {Stage[]} */
function suites() {
	const others = test_folders().filter((name) => !(name in SUITES));
	return [...Object.keys(SUITES), ...others].map((name) => ({
		name,
		title: SUITES[name]?.title ?? `__test__/${name}`,
		programs: SUITES[name]?.programs,
		after: SUITES[name]?.after ?? ['build'],
		run: (report) => run_tests(name, SUITES[name]?.at_once ?? 1, report)
	}));
}

/** @returns {Stage[]} */
export const all_stages = () => [
	{
		name: 'fmt',
		title: 'cargo fmt --check',
		run: async () => void (await cargo(['fmt', '--all', '--check']))
	},
	{
		name: 'eslint',
		title: 'eslint',
		run: async () => void (await tool('eslint/bin/eslint.js', '.', '--max-warnings=0'))
	},
	{
		name: 'prettier',
		title: 'prettier --check',
		run: async () =>
			void (await tool('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'))
	},
	{
		name: 'clippy',
		title: 'clippy, with and without napi',
		async run() {
			await cargo(['clippy', '--all-targets', CORE, '--', '-D', 'warnings']);
			await cargo(['clippy', '--all-targets', '--', '-D', 'warnings']);
		}
	},
	{
		name: 'rust',
		title: 'Rust tests without napi',
		run: async (report) => void (await cargo_test([CORE], report))
	},
	{
		name: 'rust-napi',
		title: 'Rust tests with napi',
		// the rest of the crate is the same code and has just been tested
		run: async (report) => void (await cargo_test(['--lib', '--', 'napi::'], report))
	},
	{
		name: 'criterion',
		title: 'every bench of a part once',
		async run() {
			// Without --bench on its command line criterion runs each benchmark one time. Done
			// through `cargo test` it reuses the dependencies the tests were built with.
			await cargo(['test', '--bench', '*', CORE]);
			await run(NODE, [at('benches', 'router.js'), '--test']);
		}
	},
	{
		name: 'doc',
		title: 'cargo doc, warnings denied',
		async run() {
			const env = { RUSTDOCFLAGS: '-D warnings' };
			await cargo(['doc', '--no-deps', '--document-private-items'], { env });
		}
	},
	{
		name: 'deny',
		title: 'cargo-deny: bans, licences, sources',
		async run() {
			if (!(await succeeds('cargo', ['deny', '--version']))) {
				warn(
					'cargo-deny is not installed, so licences and sources are not checked here.\ncargo install cargo-deny'
				);
				return 'cargo-deny is not installed';
			}
			await cargo(['deny', '--all-features', 'check', 'bans', 'licenses', 'sources']);
		}
	},
	{
		name: 'build',
		title: 'release build of the addon',
		run: () => build()
	},
	{
		name: 'native',
		title: 'the committed loader and types are those of this code',
		after: ['build'],
		async run() {
			await run('git', ['diff', '--exit-code', '--', 'native']);
			const untracked = await run('git', ['status', '--porcelain', '--', 'native'], {
				quiet: true
			});
			if (untracked) throw new Error(`native/ holds files that are not committed:\n${untracked}`);
		}
	},
	{
		name: 'tsc',
		title: 'types, those of the tests as well',
		after: ['build'],
		async run() {
			for (const project of ['tsconfig.json', '__test__/tsconfig.json']) {
				await tool('typescript/bin/tsc', '--noEmit', '-p', project);
			}
		}
	},
	{
		name: 'pack',
		title: 'tarballs, checked by publint',
		after: ['build'],
		async run() {
			const [main] = await pack({ build: false });
			await tool('publint/src/cli.js', 'run', main, '--strict');
		}
	},
	...suites(),
	{
		name: 'autobahn',
		title: 'the Autobahn WebSocket suite',
		after: ['build'],
		async run() {
			const reason = await missing();
			if (reason !== undefined) {
				warn(`The Autobahn suite was not run: ${reason}.`);
				return reason;
			}
			await run(NODE, [at('scripts', 'autobahn.js'), '--no-build'], { cwd: ROOT });
		}
	},
	{
		name: 'bench',
		title: 'the benches work and all servers answer the same',
		after: ['build'],
		programs: ['wrk', 'taskset'],
		async run() {
			for (const script of ['bench.js', 'bench-workers.js', 'bench-ws.js']) {
				await run(NODE, [at('scripts', script), '--smoke'], { cwd: ROOT });
			}
		}
	},
	{
		name: 'demo',
		title: 'npm run demo',
		after: ['pack'],
		run: async () =>
			void (await run(NODE, [at('scripts', 'demo.js'), '--check', '--no-build'], { cwd: ROOT }))
	}
];
