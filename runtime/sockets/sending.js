/**
 * From the app's data to the hub, for one peer, for a topic or for all. What the data becomes is
 * said in `data.js`; the hub's errors have a `code` that begins with `OXIDE_HUB_`.
 */
import { native } from '../native.js';
import { as_bytes, as_text } from './data.js';
import { NOBODY, parse_id } from './ids.js';

/** @import { Address } from './ids.js' */
/** @typedef {{ type?: string, key?: string, except?: string | { readonly id: string } | null }} Options */

/**
 * @param {Options['except']} except
 * @returns {Address}
 */
function address_of(except) {
	if (except == null) return NOBODY;
	return parse_id(typeof except === 'string' ? except : except.id) ?? NOBODY;
}

/**
 * @param {Address} to
 * @param {unknown} data
 * @param {Options} [options]
 * @returns {boolean} whether the peer is there, or its process
 */
export function send({ slot, generation, epoch }, data, { type } = {}) {
	const bytes = type === undefined ? as_bytes(data) : null;
	return bytes === null
		? native.hubSendText(slot, generation, as_text(data, type).text, epoch)
		: native.hubSendBinary(slot, generation, bytes, epoch);
}

/**
 * As `send`, for several peers one after another: the data is looked at now.
 * @param {unknown} data
 * @param {Options} [options]
 * @returns {(to: Address) => boolean}
 */
export function prepared(data, { type } = {}) {
	const bytes = type === undefined ? as_bytes(data) : null;
	if (bytes !== null) {
		const copy = Buffer.from(bytes);
		return ({ slot, generation, epoch }) => native.hubSendBinary(slot, generation, copy, epoch);
	}
	const { text } = as_text(data, type);
	return ({ slot, generation, epoch }) => native.hubSendText(slot, generation, text, epoch);
}

/**
 * @param {string} topic
 * @param {unknown} data
 * @param {Options} [options]
 * @param {Address} [but] who is left out, where that is known better than by an id
 * @returns {number} how many peers have the topic and were not left out
 */
export function publish(topic, data, { type, key, except } = {}, but = address_of(except)) {
	const { slot, generation, epoch } = but;
	const bytes = type === undefined ? as_bytes(data) : null;
	if (bytes !== null) return native.hubPublishBinary(topic, bytes, slot, generation, key, epoch);
	const { text, event } = as_text(data, type);
	return native.hubPublishText(topic, text, event, slot, generation, key, epoch);
}

/**
 * @param {unknown} data
 * @param {Options} [options]
 * @returns {number} how many peers there are, those left out aside
 */
export function broadcast(data, { type, except } = {}) {
	const { slot, generation, epoch } = address_of(except);
	const bytes = type === undefined ? as_bytes(data) : null;
	return bytes === null
		? native.hubBroadcastText(as_text(data, type).text, slot, generation, epoch)
		: native.hubBroadcastBinary(bytes, slot, generation, epoch);
}

/** Codes that RFC 6455 7.4.1 keeps from being sent, or leaves for a later meaning. */
const UNSENDABLE = [1004, 1005, 1006];

/** Bytes of a reason: a control frame takes 125, two of them are the code (RFC 6455 5.5). */
const REASON_BYTES = 123;

/**
 * @param {Address} peer
 * @param {number} [code]
 * @param {string} [reason]
 * @returns {boolean} whether the peer was there, or its process is
 */
export function disconnect({ slot, generation, epoch }, code = 1000, reason = '') {
	const standard = code >= 1000 && code <= 1014 && !UNSENDABLE.includes(code);
	if (!Number.isInteger(code) || !(standard || (code >= 3000 && code <= 4999))) {
		throw new RangeError(
			`A socket can be closed with 1000 to 1003, 1007 to 1014 and 3000 to 4999, not with ${code}`
		);
	}
	if (Buffer.byteLength(reason) > REASON_BYTES) {
		throw new RangeError(`The reason for closing a socket takes at most ${REASON_BYTES} bytes`);
	}
	return native.hubDisconnect(slot, generation, code, reason, epoch);
}
