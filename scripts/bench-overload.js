/**
 * `npm run bench:overload`: what becomes of requests when there are more than the server can carry.
 * One worker of this adapter beside adapter-node, on a route that holds its thread for 5 ms, with
 * requests that come at a fixed rate: a part of what the server was measured to carry, then all of
 * it, then more.
 *
 *   --seconds 5      length of a round
 *   --queue 50       MAX_QUEUE
 *   --no-build       with the addon that lies in native/
 *   --smoke          half a second each: does it work
 *
 * Writes overload.json, overload.md and overload.svg to benches/results/ after a whole run.
 */

import { parseArgs } from 'node:util';
import { capacity, open_loop, PATIENCE, point } from '../benches/open-loop.js';
import { svg } from '../benches/overload-plot.js';
import { build_app, launch, NAMES } from '../benches/servers.js';
import { build } from './build.js';
import { main } from './lib/main.js';
import { number } from './lib/options.js';
import { NODE } from './lib/places.js';
import { machine, write_results } from './lib/results.js';
import { ensure_modules, ensure_programs } from './lib/toolchain.js';

/** @typedef {import('../benches/overload-plot.js').Line} Line */

/** Parts of what a server can carry. */
const LOADS = [0.5, 1, 1.5, 2, 3];

const PATH = '/block?ms=5';

/** Asked for without a pause, so that there is always a next one for the server to begin with. */
const CLIENTS = 8;

function options() {
	const { values } = parseArgs({
		options: {
			seconds: { type: 'string' },
			queue: { type: 'string' },
			'no-build': { type: 'boolean', default: false },
			smoke: { type: 'boolean', default: false }
		}
	});
	return {
		smoke: values.smoke,
		builds: !values.smoke && !values['no-build'],
		seconds: number('seconds', values.seconds, values.smoke ? 0.5 : 5),
		queue: Math.round(number('queue', values.queue, 50))
	};
}

/**
 * @param {import('../benches/servers.js').Adapter} adapter
 * @param {ReturnType<typeof options>} chosen
 * @returns {Promise<Line & { capacity: number }>}
 */
async function measure(adapter, { seconds, queue }) {
	const cwd = await build_app(adapter);
	// with a server for each load: what one has left undone is not the next one's
	const start = () =>
		launch(NAMES[adapter], 0, (port) => ({
			program: NODE,
			args: ['index.js'],
			cwd,
			env: {
				NODE_ENV: 'production',
				HOST: '127.0.0.1',
				PORT: `${port}`,
				MAX_QUEUE: `${queue}`,
				SHUTDOWN_TIMEOUT: '1'
			}
		}));
	const probe = await start();
	await capacity(new URL(PATH, probe.url).href, CLIENTS, seconds / 5);
	const carries = await capacity(new URL(PATH, probe.url).href, CLIENTS, seconds);
	await probe.stop();
	const points = [];
	for (const load of LOADS) {
		const server = await start();
		const url = new URL(PATH, server.url).href;
		await capacity(url, CLIENTS, seconds / 5);
		const answers = await open_loop(url, carries * load, seconds);
		points.push(point(load, carries * load, answers));
		await server.stop();
		console.log(`${NAMES[adapter]} ${row(points[points.length - 1])}`);
	}
	return { id: adapter, name: NAMES[adapter], capacity: carries, points };
}

/** @param {import('../benches/open-loop.js').Point} point */
function row({ load, rate, p50, p99, answered, refused, refused_p99, lost }) {
	const share = (/** @type {number} */ part) => `${(part * 100).toFixed(1)} %`;
	const quick = refused > 0 ? refused_p99.toFixed(1) : '-';
	const cells = [rate.toFixed(0), p50.toFixed(1), p99.toFixed(1)];
	return [`${load}x`, ...cells, share(answered), share(refused), quick, share(lost)].join(' | ');
}

/**
 * @param {(Line & { capacity: number })[]} lines
 * @param {ReturnType<typeof options>} chosen
 * @param {import('./lib/results.js').Machine} machine
 */
function markdown(lines, { seconds, queue }, machine) {
	const rows = lines.flatMap(({ name, points }) =>
		points.map((point) => `| ${name} | ${row(point)} |`)
	);
	return `Requests that come at a fixed rate for ${seconds} s, to a route that holds its thread for 5 ms; one worker, \`MAX_QUEUE=${queue}\`. The load is that
part of what the server carries when it is asked without a pause (${lines.map(({ name, capacity }) => `${name} ${capacity.toFixed(0)}/s`).join(', ')}). Latencies are those
of answers with 200; who has waited ${PATIENCE / 1000} s has got nothing.

| server | load | requests/s | p50, ms | p99, ms | answered | 503 | p99 of 503, ms | nothing |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}

${machine.cpu}, Node ${machine.node}, ${machine.date}, \`npm run bench:overload\`.
`;
}

async function bench() {
	const chosen = options();
	await ensure_modules();
	if ((await ensure_programs(['taskset'])).length > 0) throw new Error('The bench needs taskset.');
	if (chosen.builds) await build();

	const lines = [await measure('node', chosen), await measure('oxide', chosen)];
	const where = await machine();
	const page = markdown(lines, chosen, where);
	console.log(`\n${page}`);
	if (chosen.smoke) return;
	write_results('overload', { json: { machine: where, lines }, md: page, svg: svg(lines) });
}

await main(import.meta.url, bench);
