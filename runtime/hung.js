/**
 * Asks a thread that does not respond where it is, or has it collect its garbage. V8 lets its
 * inspector in between two steps of a loop, and even into `Atomics.wait` and most regular
 * expressions; what blocks in native code cannot be asked.
 *
 * The question is evaluated where the thread is, and the thread is never paused for it: one that is
 * paused while its inspector goes away can no longer be terminated.
 */
import { builtin } from './builtin.js';
import { COLLECT, TESTIFY } from './testimony.js';

/** @import { Testimony } from './testimony.js' */
/** @typedef {import('node:worker_threads').Worker} Thread */

/** How long the thread may take; it answers within milliseconds or not at all. */
export const LIMIT = 500;

/** A heap of gigabytes takes seconds. */
const COLLECTING = 10_000;

/**
 * @param {Thread} thread
 * @param {number} [limit] in milliseconds
 * @returns {Promise<Testimony | null>} never rejects; `null` where nothing could be learned
 */
export async function look_into(thread, limit = LIMIT) {
	return parse(await call(thread, TESTIFY, limit));
}

/**
 * @param {Thread} thread
 * @returns {Promise<boolean>} whether it did; never rejects
 */
export async function collect_garbage(thread) {
	return (await call(thread, COLLECT, COLLECTING)) === true;
}

/**
 * @param {Thread} thread
 * @param {string} name of a global function there
 * @param {number} limit in milliseconds
 * @returns {Promise<unknown>} what it returned; never rejects, `null` where there is no answer
 */
async function call(thread, name, limit) {
	/** @type {import('node:inspector').Session} */
	let session;
	try {
		// a Node may have been built without it
		/** @type {typeof import('node:inspector')} */
		const { Session } = builtin('node:inspector');
		session = new Session();
		session.connect();
	} catch {
		return null;
	}
	/** @type {NodeJS.Timeout | undefined} */
	let timer;
	try {
		return await new Promise((resolve) => {
			timer = setTimeout(resolve, limit, null);
			ask(session, thread.threadId, name, resolve);
		});
	} catch {
		return null;
	} finally {
		clearTimeout(timer);
		session.disconnect();
	}
}

/**
 * @param {import('node:inspector').Session} session
 * @param {number} thread
 * @param {string} name
 * @param {(result: unknown) => void} answer
 */
function ask(session, thread, name, answer) {
	// the sessions of all threads are told; only the title says which is whose
	const title = `[worker ${thread}]`;
	/** @type {string | undefined} */
	let chosen;
	session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
		if (!workerInfo.title.startsWith(title)) return;
		chosen = sessionId;
		const message = JSON.stringify({
			id: 1,
			method: 'Runtime.evaluate',
			params: {
				expression: `globalThis[Symbol.for(${JSON.stringify(name)})]?.()`,
				returnByValue: true,
				silent: true
			}
		});
		session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
	});
	session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
		if (sessionId !== chosen) return;
		const { id, result } = JSON.parse(message);
		if (id === 1) answer(result?.result?.value ?? null);
	});
	session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => {
		if (error !== null) answer(null);
	});
}

/**
 * @param {unknown} json
 * @returns {Testimony | null}
 */
function parse(json) {
	// a question that has failed there has an exception for an answer
	if (typeof json !== 'string') return null;
	const { running, stack } = JSON.parse(json);
	// the first lines are the error's own and the question's
	return { running, stack: stack.split('\n').slice(2).join('\n') };
}
