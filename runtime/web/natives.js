/**
 * The platform's own web objects, as they were before `install` put light ones in their
 * place. Everything that needs a real one takes it from here.
 */
import * as worker_threads from 'node:worker_threads';

export const NativeHeaders = globalThis.Headers;
export const NativeRequest = globalThis.Request;
export const NativeResponse = globalThis.Response;
export const native_fetch = globalThis.fetch;

/** Under this name a light object gives the real one it stands for. */
export const real = Symbol('real');

/**
 * The real object behind a light one; anything else as it is.
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function unwrap(value) {
	// a brand check would throw for values that are not ours, which is most of them
	const of = /** @type {any} */ (value)?.[real];
	return typeof of === 'function' ? of.call(value) : value;
}

/**
 * Real ones cannot be cloned or sent to another thread, so light ones must not be either:
 * they would arrive as empty objects. Node has had a way to say so since 22.10.
 * @type {(object: object) => void}
 */
export const mark_uncloneable = /** @type {any} */ (worker_threads).markAsUncloneable ?? (() => {});
