/**
 * A peer's id as the app sees it: the hub's epoch, the generation and the slot, in the shape of a
 * UUID. Another process has another epoch: there the id finds this one's peer where the hubs are
 * joined, and else nobody.
 */
import { native } from '../native.js';

/**
 * Who a peer is; the epoch is that of its hub, where that is another process's.
 * @typedef {{ slot: number, generation: number, epoch?: string }} Address
 */

/** Slot and generation that no peer has. @type {Readonly<Address>} */
export const NOBODY = Object.freeze({ slot: 0xffffffff, generation: 0 });

const ID = /^([\da-f]{8})-([\da-f]{4})-([\da-f]{4})-([\da-f]{4})-([\da-f]{4})([\da-f]{8})$/;

/** @type {string | undefined} */
let epoch;

/** Sixteen digits. */
const epoch_digits = () => (epoch ??= native.hubEpoch());

/** Another hub has another one. */
export function forget_epoch() {
	epoch = undefined;
}

/** @param {number} number */
const eight_digits = (number) => number.toString(16).padStart(8, '0');

/**
 * @param {number} slot
 * @param {number} generation
 * @param {string} [epoch] of another process
 */
export function format_id(slot, generation, epoch = epoch_digits()) {
	const hex = epoch + eight_digits(generation) + eight_digits(slot);
	return [
		hex.slice(0, 8),
		hex.slice(8, 12),
		hex.slice(12, 16),
		hex.slice(16, 20),
		hex.slice(20)
	].join('-');
}

/**
 * @param {string} id
 * @returns {Address | null} `null`: it is no peer's
 */
export function parse_id(id) {
	const found = ID.exec(id);
	if (found === null) return null;
	const [, one, two, three, high, low, slot] = found;
	const epoch = one + two + three;
	return {
		slot: Number.parseInt(slot, 16),
		generation: Number.parseInt(high + low, 16),
		epoch: epoch === epoch_digits() ? undefined : epoch
	};
}
