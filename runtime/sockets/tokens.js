/**
 * Tokens of events whose hooks are done, given back together: they are what a peer's next messages,
 * and a worker that wants to leave, wait for.
 */
import { native } from '../native.js';

/** As many are given back at once even when more are coming. */
const MAX_COLLECTED = 256;

const tokens = new Uint32Array(MAX_COLLECTED);
let count = 0;
let scheduled = false;

/** @param {number} token */
export function settle(token) {
	tokens[count] = token;
	count += 1;
	if (count === MAX_COLLECTED) {
		give_back();
	} else if (!scheduled) {
		scheduled = true;
		setImmediate(on_immediate);
	}
}

function on_immediate() {
	scheduled = false;
	give_back();
}

/** There is nobody left to give them back to. */
export function drop() {
	count = 0;
}

export function give_back() {
	if (count === 0) return;
	const filled = count;
	count = 0;
	native.settle(tokens, filled);
}
