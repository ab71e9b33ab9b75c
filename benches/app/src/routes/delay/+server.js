/**
 * How long timers of the app wait beyond their time: POST starts to watch, GET ends it and
 * tells. The bench asks while it saturates the server with other requests.
 */

import { json } from '@sveltejs/kit';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between two ticks. */
const PERIOD = 5;

/** @type {{ timer: NodeJS.Timeout, loop: import('node:perf_hooks').IntervalHistogram, late: number[] } | undefined} */
let watch;

function start() {
	/** @type {number[]} */
	const late = [];
	let last = performance.now();
	const timer = setInterval(() => {
		const now = performance.now();
		late.push(Math.max(0, now - last - PERIOD));
		last = now;
	}, PERIOD);
	const loop = monitorEventLoopDelay({ resolution: PERIOD });
	loop.enable();
	return { timer, loop, late };
}

/** @param {NonNullable<typeof watch>} watch */
function stop({ timer, loop, late }) {
	clearInterval(timer);
	loop.disable();
	late.sort((a, b) => a - b);
	/** @param {number} part */
	const at = (part) => late[Math.min(late.length - 1, Math.floor(late.length * part))];
	return {
		ticks: late.length,
		p50: at(0.5),
		p99: at(0.99),
		max: at(1),
		// the histogram holds whole periods, in nanoseconds
		loop_p99: Math.max(0, loop.percentile(99) / 1e6 - PERIOD)
	};
}

/** @type {import('./$types').RequestHandler} */
export function POST() {
	if (watch) stop(watch);
	watch = start();
	return new Response(null, { status: 204 });
}

/** @type {import('./$types').RequestHandler} */
export function GET() {
	if (!watch) return new Response('POST first', { status: 409 });
	const found = stop(watch);
	watch = undefined;
	return json(found);
}
