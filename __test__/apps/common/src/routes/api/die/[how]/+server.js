/**
 * The ways in which an app's code ends its worker, or keeps it from ever answering again. With
 * `?when=<key>` it happens once that gate opens, in whichever worker it is opened. The output says
 * which worker it is.
 */
import fs from 'node:fs';
import process from 'node:process';
import { opened } from '../../../../shared/record.js';

const encoder = new TextEncoder();

const CODE = 7;

/**
 * At once: what `console` is given in a worker may still wait there when nothing else comes of it
 * @param {string} line
 */
const say = (line) => void fs.writeSync(1, `${line}\n`);

function loop() {
	say('looping');
	for (let turns = 0; ; turns += 1) if (turns < 0) return;
}

/** Fills V8's heap, and no memory outside of it */
function hoard() {
	/** @type {unknown[]} */
	const kept = [];
	for (let number = 0; ; number += 1) kept.push({ number, text: `${number}` });
}

/** One array that fills V8's heap: V8 copies it whenever it has outgrown its place */
function hoard_numbers() {
	const kept = [];
	for (let number = 0; ; number += 1) kept.push(number);
}

const turn = () => new Promise((fulfil) => setImmediate(fulfil));

/** @param {(controller: ReadableStreamDefaultController) => void} end */
const stream = (end) => (/** @type {Promise<void>} */ when) =>
	new Response(
		new ReadableStream({
			async start(controller) {
				controller.enqueue(encoder.encode('first'));
				await when;
				end(controller);
			}
		})
	);

const never = () => new Promise(() => {});

/** @type {Record<string, (when: Promise<void>, file: string) => Response | Promise<any>>} */
const ways = {
	exit: () => process.exit(CODE),
	'exit-await': async (when) => {
		await when;
		process.exit(CODE);
	},
	'exit-timer': async (when) => {
		await when;
		setTimeout(() => process.exit(CODE), 1);
		return never();
	},
	'throw-timer': async (when) => {
		await when;
		setTimeout(() => {
			throw new Error('thrown in a timer');
		}, 1);
		return never();
	},
	rejection: async (when) => {
		await when;
		Promise.reject(new Error('rejected and not handled'));
		return never();
	},
	/** Answers first, as what is forgotten to be awaited does */
	'rejection-late': (when) => {
		when.then(turn).then(() => {
			throw new Error('rejected after the answer');
		});
		return new Response('answered');
	},
	loop: () => loop(),
	'loop-await': async (when) => {
		await when;
		await turn();
		loop();
	},
	/** Waits in native code, where nothing can end it, until somebody opens the pipe's other end */
	native: async (when, file) => {
		await when;
		return new Response(fs.readFileSync(file));
	},
	memory: async (when) => {
		await when;
		hoard();
	},
	'memory-array': async (when) => {
		await when;
		hoard_numbers();
	},
	'stream-exit': stream(() => process.exit(CODE)),
	'stream-loop': stream(loop)
};

/** @type {import('@sveltejs/kit').RequestHandler} */
export async function fallback({ params, platform, url }) {
	const key = url.searchParams.get('when');
	say(`${params.how} in worker ${/** @type {any} */ (platform).worker.id}.`);
	const when = key === null ? turn() : opened(key);
	const way = ways[/** @type {string} */ (params.how)];
	return /** @type {Response} */ (await way(when, `${url.searchParams.get('file')}`));
}
