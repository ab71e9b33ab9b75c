/**
 * One call of a hook, from its beginning to what is left to do when it is done: the context is kept
 * if it is another, what it threw is told, and its event is settled.
 *
 * A peer's hooks begin in the order of its events and do not wait for each other.
 */
import { native } from '../native.js';
import { is_refusal } from './errors.js';
import { settle } from './tokens.js';

/** @import { Hooks } from './hooks.js' */
/** @import { Member } from './members.js' */

/** What a socket is closed with when the server has failed it (RFC 6455 7.4.1). */
const INTERNAL_ERROR = 1011;

/**
 * What becomes of a hook's end.
 * @typedef {object} Ending
 * @property {number} [token] settled when all is done
 * @property {(result: unknown) => void} [done] gets what the hook returned
 * @property {(error: unknown) => void} [failed] for who has an answer to give to the peer, which is
 *   then not closed
 */

/**
 * @param {Member} member
 * @param {Exclude<keyof Hooks, 'upgrade' | 'error'>} name
 * @param {unknown[]} args after the peer
 * @param {Ending} ending
 */
export function call(member, name, args, ending) {
	const hook = /** @type {((...args: unknown[]) => unknown) | undefined} */ (member.hooks[name]);
	/** @type {unknown} */
	let result;
	member.running += 1;
	try {
		result = hook?.(member.peer, ...args);
		if (is_thenable(result)) {
			Promise.resolve(result).then(
				(value) => finish(member, name, value, ending),
				(error) => fail(member, name, error, ending)
			);
			return;
		}
	} catch (error) {
		void fail(member, name, error, ending);
		return;
	}
	finish(member, name, result, ending);
}

/**
 * @param {unknown} value
 * @returns {value is PromiseLike<unknown>}
 */
function is_thenable(value) {
	return (
		typeof value === 'object' &&
		value !== null &&
		typeof (/** @type {{ then?: unknown }} */ (value).then) === 'function'
	);
}

/**
 * @param {Member} member
 * @param {string} name
 * @param {unknown} result
 * @param {Ending} ending
 */
function finish(member, name, result, ending) {
	if (member.lost) return;
	try {
		keep(member);
		ending.done?.(result);
	} catch (error) {
		void fail(member, name, error, ending);
		return;
	}
	over(member, ending);
}

/**
 * @param {Member} member
 * @param {Ending} ending
 */
function over(member, { token }) {
	if (member.lost) return;
	member.running -= 1;
	if (token !== undefined) settle(token);
}

/** @param {Member} member */
function keep(member) {
	if (member.gone) return;
	let card;
	try {
		// this hook is one of those that run
		card = member.card.changed(member.running > 1);
	} catch (error) {
		throw new Error(
			`peer.context cannot be kept, as it may have to move to another worker: ${
				error instanceof Error ? error.message : error
			}`,
			{ cause: error }
		);
	}
	if (card !== null) native.hubSetCard(member.slot, member.generation, card);
}

/**
 * @param {Member} member
 * @param {string} name of the hook
 * @param {unknown} thrown
 * @param {Ending} ending
 */
async function fail(member, name, thrown, ending) {
	if (member.lost) return;
	try {
		await tell(member, name, thrown, ending);
	} catch (error) {
		// nobody waits for this: what cannot even be told ends the worker otherwise
		console.error(`The WebSocket hook \`${name}\` failed, and so did telling of it:`, error);
	} finally {
		over(member, ending);
	}
}

/**
 * Tells who is to hear of it: the client, the `error` hook, or else the log.
 * @param {Member} member
 * @param {string} name
 * @param {unknown} thrown
 * @param {Ending} ending
 */
async function tell(member, name, thrown, { failed }) {
	try {
		// what it has changed until then counts
		keep(member);
	} catch (error) {
		if (is_refusal(thrown)) thrown = error;
	}
	try {
		failed?.(thrown);
	} catch (error) {
		// what it says is more than can be sent: then it is a mistake like any other
		thrown = error;
		failed?.(thrown);
	}
	if (failed !== undefined && is_refusal(thrown)) return;
	let what = `\`${name}\``;
	let error = as_error(thrown);
	const hook = member.hooks.error;
	if (hook !== undefined) {
		try {
			await hook(member.peer, error);
			keep(member);
			return;
		} catch (another) {
			what = '`error`';
			error = as_error(another);
		}
	}
	console.error(`The WebSocket hook ${what} failed for peer ${member.peer.id}:`, error);
	if (failed === undefined && !member.gone) member.peer.close(INTERNAL_ERROR);
}

/** @param {unknown} thrown */
function as_error(thrown) {
	if (thrown instanceof Error) return thrown;
	let message;
	try {
		message = String(thrown);
	} catch {
		message = 'a value that is no text';
	}
	return new Error(message, { cause: thrown });
}
