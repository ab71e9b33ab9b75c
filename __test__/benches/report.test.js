/** What the bench makes of wrk's report and of its own rounds. Measures nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '../../benches/ask.js';
import { parse_wrk } from '../../benches/load.js';
import { choose, PATHS, request_of } from '../../benches/paths.js';
import { svg } from '../../benches/plot.js';
import { excerpt, insert, markdown } from '../../benches/report.js';
import { figures, ratio } from '../../benches/statistics.js';

const REPORT = `Running 3s test @ http://127.0.0.1:3000/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    12.04ms   30.10ms 402.11ms   93.99%
  Latency Distribution
     50%  910.00us
     75%    4.12ms
     90%   11.00ms
     99%    1.25s${' '}
  9126 requests in 3.00s, 60.10MB read
Requests/sec:   3041.87
Transfer/sec:     20.03MB
`;

test('a report of wrk, which pads its seconds, becomes figures in one unit', () => {
	assert.deepEqual(parse_wrk(REPORT), {
		requests: 9126,
		rps: 3041.87,
		p50_ms: 0.91,
		p99_ms: 1250
	});
});

test('a round with any failure, or without an answer, is no measurement', () => {
	const refused = REPORT.replace('Requests/sec', '  Non-2xx or 3xx responses: 3\nRequests/sec');
	assert.throws(() => parse_wrk(refused), /Non-2xx or 3xx responses: 3/);
	const broken = REPORT.replace(
		'Requests/sec',
		'  Socket errors: connect 0, read 2, write 0, timeout 1\nRequests/sec'
	);
	assert.throws(() => parse_wrk(broken), /read 2, write 0, timeout 1/);
	assert.throws(() => parse_wrk(REPORT.replace('9126', '0')), /no request/);
	assert.throws(() => parse_wrk(REPORT.replace(' 99% ', ' 98% ')), /no 99% latency/);
});

/** @param {number[]} costs */
const rounds = (...costs) =>
	costs.map((us) => ({ requests: 100, rps: 1e6 / us, us, p50_ms: us / 10, p99_ms: us }));

test('a ratio is that of the medians, its range that of rounds of the same turn', () => {
	assert.deepEqual(ratio(rounds(100, 300, 200), rounds(50, 100, 25)), {
		median: 4,
		min: 2,
		max: 8
	});
	assert.deepEqual(figures(rounds(3, 1, 2)).us, { median: 2, min: 1, max: 3 });
	assert.equal('p50_ms' in figures([{ requests: 1, rps: 1, us: 1 }]), false);
});

/** @returns {import('../../benches/report.js').Findings} */
const findings = () => ({
	command: 'npm run bench',
	machine: { cpu: 'A <CPU>', kernel: '6.1', node: '24.0.0', kit: '3.0.0', date: '2026-01-01' },
	method: { rounds: 3, seconds: 3, warmup: 3, server_core: 0, load_core: 1 },
	subjects: [
		{ id: 'node', name: 'adapter-node', start_ms: { median: 300, min: 290, max: 310 } },
		{ id: 'uws', name: 'svelte-adapter-uws' },
		{ id: 'nginx', name: 'nginx' },
		{ id: 'kit', name: 'SvelteKit alone' },
		{ id: 'oxide', name: 'svelte-adapter-oxide', start_ms: { median: 200, min: 200, max: 200 } }
	],
	paths: [
		{
			name: 'json',
			title: 'JSON',
			figures: {
				node: figures(rounds(100, 120, 110)),
				kit: figures(rounds(30, 30, 30).map(({ requests, rps, us }) => ({ requests, rps, us }))),
				oxide: figures(rounds(40, 44, 42))
			},
			ratios: {
				node: { median: 2.6, min: 2.5, max: 2.7 },
				kit: { median: 0.7, min: 0.7, max: 0.7 }
			}
		},
		{
			name: 'static',
			title: 'static',
			figures: { nginx: figures(rounds(12, 12, 12)), oxide: figures(rounds(9, 9, 9)) },
			ratios: { nginx: { median: 1.333, min: 1.333, max: 1.333 } }
		}
	],
	delay: [{ title: 'JSON', figures: { oxide: { p50: 0.5, p99: 12, max: 120, loop_p99: 9 } } }]
});

test('the tables show whom they have something to say about', () => {
	const text = markdown(findings());
	const lines = text.split('\n');
	assert.ok(
		lines.includes('| | adapter-node | nginx | svelte-adapter-oxide | to adapter-node | to nginx |')
	);
	assert.ok(lines.includes('| JSON | 110 (100-120) | | 42.0 (40.0-44.0) | **2.6x** (2.5-2.7) | |'));
	assert.ok(lines.includes('| static | | 12.0 | 9.0 | | **1.3x** |'));
	assert.ok(lines.includes('| JSON | 30.0 | 80.0 | 12.0 |'));
	assert.ok(lines.includes('| JSON | 0.50 · 12.0 · 120 |'));
	assert.ok(lines.includes('| start to first answer, ms | 300 (290-310) | 200 |'));
	assert.ok(!text.includes('svelte-adapter-uws'));
	assert.match(excerpt(findings()), /2026-01-01, `npm run bench`/);
});

test('the plot draws each bar once and escapes what it is given', () => {
	const named = findings();
	named.paths[0].title = '<JSON>';
	const drawn = svg(named);
	const bars = [...drawn.matchAll(/<rect class="(\w+)" x="190"/g)].map(([, id]) => id);
	assert.deepEqual(bars, ['node', 'kit', 'oxide', 'nginx', 'oxide']);
	assert.ok(!drawn.includes('<JSON>') && !drawn.includes('NaN'));
});

test('a page keeps what stands around the markers', () => {
	const page = 'a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n';
	const expected = 'a\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\nb\n';
	assert.equal(insert(page, '\nnew\n'), expected);
	assert.throws(() => insert('no markers', 'new'), /bench:begin/);
});

test('requests are what clients send, and unknown names are refused', () => {
	const action = request_of(choose('action')[0], '127.0.0.1:3000');
	assert.equal(action.method, 'POST');
	assert.equal(action.headers.origin, 'https://127.0.0.1:3000');
	assert.equal(request_of(choose('json')[0], 'x').method, 'GET');
	assert.equal(new Set(PATHS.map(({ name }) => name)).size, PATHS.length);
	assert.throws(() => choose('jsom'), /No path jsom\. Paths: ssr/);
});

test('subjects must answer alike; a peer that does not is left out', async () => {
	const [path] = choose('json');
	const good = { status: 200, type: 'application/json', encoding: 'none', body: Buffer.alloc(200) };
	/** @param {string} name @param {object} answer @param {object} [more] */
	const subject = (name, answer, more) =>
		/** @type {any} */ ({
			subject: { name, serves: () => true, ...more },
			ask: async () => ({ ...good, ...answer })
		});
	const first = subject('first', {});
	const other = { body: Buffer.alloc(200, 1) };
	/** @type {string[]} */
	const told = [];
	const tell = (/** @type {string} */ reason) => void told.push(reason);

	const peer = subject('peer', other, { peer: true });
	assert.deepEqual(await check([first, peer], path, tell), [first]);
	assert.deepEqual(told, ['peer answers /json?q=bench with other bytes than first']);

	await assert.rejects(check([first, subject('second', other)], path, tell), /other bytes/);
	await assert.rejects(check([subject('only', { status: 500 })], path, tell), /status 500/);
	await assert.rejects(check([subject('only', { type: 'text/html' })], path, tell), /content type/);
	await assert.rejects(check([subject('only', { encoding: 'br' })], path, tell), /encoding br/);
	await assert.rejects(check([subject('only', { body: Buffer.alloc(9) })], path, tell), /9 bytes/);
});
