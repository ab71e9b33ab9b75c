/**
 * The worker that this thread is, as `platform.worker` shows it, and the exchange it is just
 * entering. Where there is no pool, the main thread is worker 1 of 1.
 */

/** Indexes of `entering`. */
const SLOT = 0;
const GENERATION = 1;

/**
 * Replaced as a whole: routes may have kept it.
 * @type {{ readonly id: number, readonly count: number, readonly startedAt: number }}
 */
export let this_worker = describe(1, () => 1);

/**
 * @param {number} id
 * @param {() => number} count
 */
function describe(id, count) {
	return Object.freeze({
		id,
		get count() {
			return count();
		},
		startedAt: Date.now()
	});
}

/**
 * The slot, plus 1, and the generation of the exchange whose code runs before its first `await`; 0
 * while there is none. The main thread of a pool can read it after this one has died.
 * @type {Uint32Array}
 */
let entering = new Uint32Array(2);

/** What `entering` takes, in bytes. */
export const ENTERING_BYTES = entering.byteLength;

/**
 * @param {number} id
 * @param {() => number} count how many workers there are to be, which changes
 * @param {SharedArrayBuffer} shared of `ENTERING_BYTES`
 */
export function become(id, count, shared) {
	this_worker = describe(id, count);
	entering = new Uint32Array(shared);
}

/** @param {{ slot: number, generation: number }} exchange */
export function enter(exchange) {
	entering[GENERATION] = exchange.generation;
	entering[SLOT] = exchange.slot + 1;
}

export function leave() {
	entering[SLOT] = 0;
}

/**
 * @param {SharedArrayBuffer} [shared] of another thread
 * @returns {import('./testimony.js').Running | null}
 */
export function entered(shared) {
	const cells = shared === undefined ? entering : new Uint32Array(shared);
	return cells[SLOT] === 0 ? null : { slot: cells[SLOT] - 1, generation: cells[GENERATION] };
}
