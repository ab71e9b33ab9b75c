/**
 * Which exchange's code is running in this thread at this moment. Asked only when the thread dies
 * or hangs, so that an exchange pays nothing for it: SvelteKit keeps the event of the running code
 * anyway, for `getRequestEvent`, and our platform in it leads to the exchange.
 *
 * Not known: code that SvelteKit runs outside an event and after an `await`, as an asynchronous
 * `reroute` or a stream that goes on, and before Node 24 a throw within `queueMicrotask`.
 */
import { builtin } from './builtin.js';
// @ts-expect-error SvelteKit exports it without a type
import { try_get_request_store } from '@sveltejs/kit/internal/server';
import { PlatformRequest } from './platform.js';
import { COLLECT, TESTIFY } from './testimony.js';
import { entered } from './this-worker.js';

/** @import { Running, Testimony } from './testimony.js' */

/** Deeper than an error's: there is only this one. */
const FRAMES = 50;

/** @returns {Running | null} */
export function running() {
	// `handle` may have put another object in the platform's place, with our `req` in it
	const record = PlatformRequest.record(try_get_request_store()?.event.platform?.req);
	if (record === undefined) return entered();
	const { slot, generation, method, target } = record;
	return { slot, generation, what: `${method} ${target}` };
}

/** The running exchange, and the stack down to this call. */
function testify() {
	const { stackTraceLimit } = Error;
	Error.stackTraceLimit = FRAMES;
	const holder = { stack: '' };
	Error.captureStackTrace(holder, testify);
	Error.stackTraceLimit = stackTraceLimit;
	/** @type {Testimony} */
	const testimony = { running: running(), stack: `${holder.stack}` };
	return JSON.stringify(testimony);
}

/** V8 hands its collector to contexts that are made while this flag is set, and to no others. */
function collect() {
	/** @type {typeof import('node:v8')} */
	const { setFlagsFromString } = builtin('node:v8');
	/** @type {typeof import('node:vm')} */
	const { runInNewContext } = builtin('node:vm');
	setFlagsFromString('--expose-gc');
	const gc = runInNewContext('gc');
	setFlagsFromString('--no-expose-gc');
	gc();
	return true;
}

/** Lets the main thread ask while this one is in an endless loop. */
export function be_asked() {
	Object.defineProperty(globalThis, Symbol.for(COLLECT), { value: collect });
	Object.defineProperty(globalThis, Symbol.for(TESTIFY), { value: testify });
}
