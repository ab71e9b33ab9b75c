/**
 * What a thread that does not respond says of itself: `running.js` answers, `hung.js` asks.
 *
 * @typedef {object} Running
 * @property {number} slot
 * @property {number} generation
 * @property {string} [what] method and target, where they are known
 *
 * @typedef {object} Testimony
 * @property {Running | null} running the exchange whose code is running
 * @property {string} stack its lines, innermost first
 */

/** By this symbol, a global function collects garbage, and answers `true`. */
export const COLLECT = 'svelte-adapter-oxide:collect';

/** By this symbol, a global function answers with the JSON of a testimony. */
export const TESTIFY = 'svelte-adapter-oxide:testify';
