/**
 * The platform's own web objects, as they were before `install` put light ones in their
 * place. Everything that needs a real one takes it from here.
 */
import { builtin } from '../builtin.js';

export const NativeHeaders = globalThis.Headers;
export const NativeRequest = globalThis.Request;
export const NativeResponse = globalThis.Response;
export const native_fetch = globalThis.fetch;
export const native_json = NativeResponse.json;

/** What every iterator over headers inherits. */
export const iterator_prototype = Object.getPrototypeOf(new NativeHeaders().entries());

/**
 * The functions that a prototype holds, getters by the name of their property.
 * @param {object} prototype
 * @returns {Record<PropertyKey, any>}
 */
function functions(prototype) {
	const found = Object.create(null);
	for (const key of Reflect.ownKeys(prototype)) {
		const { get, value } = /** @type {PropertyDescriptor} */ (
			Object.getOwnPropertyDescriptor(prototype, key)
		);
		found[key] = get ?? value;
	}
	return found;
}

// asked through these, a real object answers as ever, whatever has been put on its prototype

export const of_headers = functions(NativeHeaders.prototype);
export const of_request = functions(NativeRequest.prototype);
export const of_response = functions(NativeResponse.prototype);
export const of_iterator = functions(iterator_prototype);

/**
 * A base class for light objects. What it makes has the platform's own prototype and nothing
 * in between, so that a program that looks at prototypes, or changes them, finds what it
 * expects; the class that extends it adds private fields, which no program can see.
 * @param {object} prototype
 * @returns {new () => object}
 */
export function made_like(prototype) {
	function Bare() {}
	Bare.prototype = prototype;
	return class {
		constructor() {
			return new /** @type {any} */ (Bare)();
		}
	};
}

/**
 * Real ones cannot be cloned or sent to another thread, so light ones must not be either:
 * they would arrive as empty objects. Node has had a way to say so since 22.10.
 * @type {(object: object) => void}
 */
export const mark_uncloneable = builtin('node:worker_threads').markAsUncloneable ?? (() => {});
