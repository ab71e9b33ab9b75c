/**
 * Questions of the server to a peer, each waiting for its reply, its peer's end or its time.
 */
import { native } from '../native.js';
import { as_bytes, json_value } from './data.js';

/** @import { Address } from './ids.js' */

/** In milliseconds. */
const TIMEOUT = 10_000;

/** Another process that is gone is noticed sooner. */
const SURVEY_TIMEOUT = 60_000;

/** That a timer can wait. */
const LONGEST = 2 ** 31 - 1;

/**
 * @typedef {object} Question
 * @property {(data: unknown) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {NodeJS.Timeout} [timer]
 */

/** @type {Map<number, Question>} */
const open = new Map();

/**
 * @param {string} code
 * @param {string} message
 */
const failure = (code, message) => Object.assign(new Error(message), { code });

/**
 * @param {Address} peer
 * @param {unknown} data
 * @param {{ timeout?: number }} [options]
 * @returns {Promise<unknown>}
 */
export async function ask({ slot, generation, epoch }, data, { timeout = TIMEOUT } = {}) {
	if (as_bytes(data) !== null) throw new TypeError('A request takes JSON, not bytes');
	if (!(timeout >= 0 && (timeout <= LONGEST || timeout === Infinity))) {
		throw new RangeError(`The timeout of a request takes milliseconds, 0 for none, not ${timeout}`);
	}
	const id = native.hubRequest(slot, generation, JSON.stringify(json_value(data)), epoch);
	return reply_to(id, timeout);
}

/**
 * What another process keeps with some of its peers
 * @param {string} epoch
 * @param {number} slot from which on
 * @returns {Promise<unknown>}
 */
export async function survey(epoch, slot) {
	const id = native.hubSurvey(epoch, slot);
	return reply_to(id, SURVEY_TIMEOUT);
}

/**
 * @param {number} id
 * @param {number} timeout
 * @returns {Promise<unknown>}
 */
function reply_to(id, timeout) {
	return new Promise((resolve, reject) => {
		/** @type {NodeJS.Timeout | undefined} */
		let timer;
		if (timeout > 0 && timeout !== Infinity) {
			timer = setTimeout(() => {
				open.delete(id);
				native.hubForget(id);
				reject(failure('OXIDE_HUB_TIMEOUT', `The peer has not replied within ${timeout} ms`));
			}, timeout);
			// whoever waits for a reply keeps nothing else from ending
			timer.unref();
		}
		open.set(id, { resolve, reject, timer });
	});
}

/** The hub has closed, and with it whoever was asked. */
export function give_up() {
	for (const { reject, timer } of open.values()) {
		clearTimeout(timer);
		reject(failure('OXIDE_HUB_GONE', 'The hub has closed'));
	}
	open.clear();
}

/** @param {ReturnType<typeof import('../wire.js').read_peer_reply>} reply */
export function answered({ request: id, error: is_error, gone, data: json }) {
	const question = open.get(id);
	// asked of a peer that left meanwhile, or too late
	if (question === undefined) return;
	open.delete(id);
	clearTimeout(question.timer);
	if (gone) {
		question.reject(failure('OXIDE_HUB_GONE', 'The peer has gone without a reply'));
		return;
	}
	let data;
	try {
		data = JSON.parse(json);
	} catch (error) {
		question.reject(/** @type {Error} */ (error));
		return;
	}
	if (!is_error) question.resolve(data);
	else {
		const message = typeof data === 'string' ? data : JSON.stringify(data);
		question.reject(failure('OXIDE_HUB_REFUSED', message));
	}
}
