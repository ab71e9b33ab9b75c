/**
 * Notices a worker's heap that is full, before V8 does: where V8 cannot make room for what it is
 * just about to allocate, it ends the whole process, not the thread. It has been given room beyond
 * the limit, therefore, and what the heap holds is looked at from outside, which works while the
 * worker is in a loop.
 *
 * An array that grows is copied to one half as large again: the room has to hold both.
 */
import { collect_garbage } from './hung.js';

/** @typedef {import('node:worker_threads').Worker} Thread */

const MB = 2 ** 20;

/** In milliseconds; a loop fills half a gigabyte a second. */
const EVERY = 100;

/**
 * Collecting garbage takes a large heap a second. Once it has brought a heap below its limit, it is
 * not asked for again for so long, in milliseconds, unless the heap has grown well beyond.
 */
const REST = 5000;

/** The least room beyond the limit: small heaps fill as fast as large ones. */
const ROOM = 512 * MB;

/**
 * @param {Thread} thread
 * @returns {boolean} Node has had it since 22.16 and 24
 */
const can_tell = (thread) => typeof (/** @type {any} */ (thread).getHeapStatistics) === 'function';

/**
 * What V8 is told, in megabytes.
 * @param {number} limit in bytes
 * @param {{ prototype: any }} Worker
 */
export function hard_limit(limit, Worker) {
	const room = can_tell(Worker.prototype) ? Math.max(2 * limit, ROOM) : 0;
	return Math.ceil((limit + room) / MB);
}

/**
 * @param {Thread} thread
 * @param {number} limit in bytes
 * @param {() => void} full called once, when more is in use and none of it is garbage
 */
export function watch_heap(thread, limit, full) {
	if (!can_tell(thread)) return;
	const used = async () => (await /** @type {any} */ (thread).getHeapStatistics()).used_heap_size;
	let asking = false;
	let rests = 0;

	async function look() {
		if ((await used()) <= (Date.now() < rests ? 1.5 * limit : limit)) return;
		await collect_garbage(thread);
		rests = Date.now() + REST;
		if ((await used()) <= limit) return;
		clearInterval(timer);
		full();
	}

	const timer = setInterval(async () => {
		if (asking) return;
		asking = true;
		// a thread that has not begun or has ended has no heap
		await look().catch(() => {});
		asking = false;
	}, EVERY);
	timer.unref();
	thread.once('exit', () => clearInterval(timer));
}
