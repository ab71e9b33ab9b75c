/** The adapter's options: what is taken, what is refused and in which words. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import adapter from '../../index.js';
import { RUN_TIME, decide_options, run_time_names } from '../../adapter/options.js';

test('without options, everything has its default', () => {
	const expected = {
		out: 'build',
		encodings: { brotli: true, gzip: true, zstd: false },
		env_prefix: '',
		polyfill: undefined,
		platforms: [],
		run_time: {}
	};
	assert.deepEqual(decide_options(), expected);
	assert.deepEqual(decide_options({}), expected);
	assert.deepEqual(decide_options({ out: undefined, bodyLimit: undefined }), expected);
});

test('precompress chooses encodings', () => {
	const encodings = (/** @type {any} */ precompress) => decide_options({ precompress }).encodings;
	assert.deepEqual(encodings(true), { brotli: true, gzip: true, zstd: false });
	assert.deepEqual(encodings(false), { brotli: false, gzip: false, zstd: false });
	assert.deepEqual(encodings({ zstd: true }), { brotli: true, gzip: true, zstd: true });
	assert.deepEqual(encodings({ gzip: false }), { brotli: true, gzip: false, zstd: false });
});

test('run-time options travel as they were written', () => {
	const given = {
		bodyLimit: '10mb',
		keepAliveTimeout: 5,
		gracefulShutdownTimeout: 30_000,
		maxHeaders: 50,
		assetMemoryLimit: '32M',
		workers: 'auto',
		isolated: true,
		maxMemoryUsage: '512mb',
		maxRequestsPerWorker: 0,
		balancing: 'round-robin',
		healthCheck: { liveness: '/up' },
		websocket: { maxPeers: 5, upgradeRateLimit: 0, replay: { size: 10, ttl: '5m' } }
	};
	assert.deepEqual(decide_options({ ...given, out: 'x' }).run_time, given);
});

test('Infinity survives JSON', () => {
	const { run_time } = decide_options({ bodyLimit: Infinity });
	assert.deepEqual(JSON.parse(JSON.stringify(run_time)), { bodyLimit: 'Infinity' });
});

test('an unknown option lists the known ones', () => {
	assert.throws(() => decide_options({ compresion: true }), {
		message: /compresion is not an option\. The options are out, precompress, .*webObjects$/s
	});
	assert.throws(
		() => decide_options({ bodylimit: 1 }),
		/bodylimit is not an option, but bodyLimit is/
	);
	assert.throws(() => decide_options({ toString: 1 }), /toString is not an option/);
});

for (const [name, values] of Object.entries({
	out: ['', 1, null],
	precompress: ['yes', null, { brotli: 1 }, { deflate: true }, []],
	envPrefix: [1, 'MY-', 'A B'],
	polyfill: ['true', 0],
	platforms: ['linux-x64-gnu', ['linux-x64'], [1]],
	bodyLimit: [-1, NaN, true, '', null],
	keepAliveTimeout: [-1, Infinity, {}, ''],
	maxHeaders: ['100', 1.5, 0, -1],
	maxHeaderSize: [Infinity, false],
	workers: [0, '4', 1.5, 'all', true],
	isolated: ['true', 1],
	autoScale: [{ minWorkers: 2 }, 1],
	minWorkers: [0, '2'],
	maxWorkers: [0, 'auto'],
	cpuThreshold: [0, 101, '80', 79.5],
	memoryThreshold: [0, 101],
	balancing: ['random', 'round_robin', true],
	stickySession: ['cookie', 0],
	maxQueue: [0, Infinity],
	queueTimeout: [-1, ''],
	maxInFlight: [0, '10'],
	unresponsiveTimeout: [-1, false],
	healthCheckInterval: [NaN, ''],
	maxRequestsPerWorker: [-1, 1.5, '100'],
	maxMemoryUsage: [-1, Infinity, '', true],
	maxWorkerAge: [-1, Infinity],
	keepBuilds: [-1, 0.5, true],
	healthCheck: [
		'/health',
		1,
		{ live: '/x' },
		{ liveness: 1 },
		{ liveness: '/ä' },
		{ readiness: 'ready' },
		null
	],
	websocket: ['/ws', 1, null, []]
})) {
	test(`${name} refuses what it cannot use`, () => {
		for (const value of values) {
			assert.throws(
				() => decide_options({ [name]: value }),
				(/** @type {Error} */ error) => error.message.includes(`\n  - ${name} is `),
				`${name}: ${JSON.stringify(value)}`
			);
		}
	});
}

for (const [name, values] of Object.entries({
	path: [
		'ws',
		'',
		'//x',
		'/a?b',
		'/a#b',
		'/a b',
		'/a\\b',
		'/ch%C3%A2t',
		'/chât',
		'/a\n',
		'/\x7f',
		1
	],
	allowedOrigins: ['*', [1], ['']],
	requireOrigin: ['true', 1],
	upgradeRateLimit: [20, '', true],
	maxPeers: [0, '5', Infinity],
	maxPeersPerAddress: [0],
	maxSubscriptions: [1.5],
	maxTopics: [-1],
	maxMessageSize: [Infinity, ''],
	maxQueuedBytes: [-1],
	overflow: ['drop', true],
	heartbeat: ['', -1],
	idleTimeout: [Infinity],
	replay: [5, true, null, []],
	publicTopics: [
		'news',
		[null],
		[''],
		['a*b'],
		['__presence:a'],
		['a\n'],
		['a\x85'],
		['é'.repeat(129)],
		['**']
	]
})) {
	test(`websocket.${name} refuses what it cannot use`, () => {
		for (const value of values) {
			assert.throws(
				() => decide_options({ websocket: { [name]: value } }),
				(/** @type {Error} */ error) => error.message.includes(`\n  - websocket.${name} is `),
				`${name}: ${JSON.stringify(value)}`
			);
		}
	});
}

test('what the server takes for paths and topics, so does the build', () => {
	for (const path of ['/', '/ws', '/a/b.c', "/!$&'()*+,-.:;<=>@[]^_`{|}~"]) {
		decide_options({ websocket: { path } });
	}
	const publicTopics = ['news', '*', 'rooms/*', '#général', '_a', 'x'.repeat(256)];
	decide_options({ websocket: { publicTopics }, healthCheck: { liveness: '/alive' } });
});

test('options within others are known by their whole names', () => {
	const refused = (/** @type {any} */ websocket) => {
		try {
			decide_options({ websocket });
		} catch (error) {
			return /** @type {Error} */ (error).message;
		}
	};
	assert.match(
		refused({ paht: '/x' }) ?? '',
		/websocket\.paht is not an option\. The options are websocket\.path, .*websocket\.redis$/
	);
	assert.match(
		refused({ maxpeers: 1 }) ?? '',
		/websocket\.maxpeers is not an option, but websocket\.maxPeers is/
	);
	assert.match(
		refused({ replay: { sise: 1 } }) ?? '',
		/- websocket\.replay\.sise is not an option/
	);
	assert.match(
		refused({ replay: { size: -1 } }) ?? '',
		/- websocket\.replay\.size is -1, but takes/
	);
	assert.equal(refused({ path: undefined, replay: { ttl: undefined } }), undefined);
});

test('all mistakes are told at once', () => {
	assert.throws(
		() => decide_options({ out: 1, nope: 2, maxHeaders: 'x' }),
		(/** @type {Error} */ error) =>
			['out is 1', 'nope is not', 'maxHeaders is "x"'].every((part) => error.message.includes(part))
	);
});

test('something that is no object is refused', () => {
	for (const given of [null, 'build', 1, []]) {
		assert.throws(() => decide_options(given), /takes an object of options/);
	}
});

test('the server knows exactly the run-time options', () => {
	// A test of the server holds the page to its table of settings.
	const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
	const names = [...page.matchAll(/^\| `[A-Z_]+` \| `([a-z][\w.]*)` \|/gm)].map(([, name]) => name);
	assert.ok(names.length > 5, 'the pattern no longer matches docs/configuration.md');
	assert.deepEqual(run_time_names().sort(), names.sort());
});

test('every option is typed and documented', () => {
	const types = readFileSync(new URL('../../index.d.ts', import.meta.url), 'utf8');
	const body = /export interface AdapterOptions \{(.*?)\n\}/s.exec(types)?.[1] ?? '';
	const typed = [...body.matchAll(/\*\/\n\t(\w+)\?:/g)].map(([, name]) => name);
	const known = [
		'out',
		'precompress',
		'envPrefix',
		'polyfill',
		'platforms',
		...Object.keys(RUN_TIME)
	];
	assert.deepEqual(typed.sort(), known.sort());
});

test('the adapter is what SvelteKit expects', async () => {
	const made = adapter();
	assert.equal(made.name, 'svelte-adapter-oxide');
	assert.equal(made.supports?.read?.({ config: {}, route: { id: '/' } }), true);
	assert.equal(made.supports?.instrumentation?.(), true);
	assert.throws(() => adapter(/** @type {any} */ ({ nope: 1 })), /nope is not an option/);
});
