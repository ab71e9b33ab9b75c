/**
 * Puts the light web objects in the place of the platform's, before any user code runs.
 * Light and real objects have the same prototypes, so `instanceof`, prototypes and what
 * others change on them are one; the methods there tell one kind from the other. Constructors
 * and `fetch` take light objects wherever they take real ones. What a light object cannot be
 * is an instance of a subclass: those are real.
 */
import { LightIterator } from './header-iterator.js';
import { LightHeaders } from './headers.js';
import {
	NativeHeaders,
	NativeRequest,
	NativeResponse,
	iterator_prototype,
	native_fetch,
	native_json
} from './natives.js';
import { LightRequest } from './request.js';
import { LightResponse } from './response.js';

// proxies keep the originals' names, lengths and statics, and what others have put on them

/** @type {typeof globalThis.Headers} */
const Headers = new Proxy(NativeHeaders, {
	construct: (target, args, new_target) =>
		(new_target === Headers && LightHeaders.from(args[0])) ||
		Reflect.construct(target, args, new_target)
});

/** @type {typeof globalThis.Request} */
const Request = new Proxy(NativeRequest, {
	construct: (target, args, new_target) =>
		Reflect.construct(target, with_real_request(args), new_target)
});

/** @type {typeof globalThis.Response} */
const Response = new Proxy(NativeResponse, {
	construct: (target, args, new_target) =>
		(new_target === Response && LightResponse.create(args[0], args[1])) ||
		Reflect.construct(target, args, new_target)
});

const fetch = new Proxy(native_fetch, {
	apply: (target, this_arg, args) => Reflect.apply(target, this_arg, with_real_request(args))
});

const statics = {
	/** @param {unknown} data */
	json(data) {
		return LightResponse.json(data, arguments[1]) ?? Reflect.apply(native_json, this, arguments);
	}
};

/** @param {any[]} args of `fetch` or `Request` */
function with_real_request(args) {
	return args.length === 0 ? args : [LightRequest.real(args[0]), ...args.slice(1)];
}

/**
 * Replaces the functions of a prototype by those of a light class. What the class does not
 * have is asked of the real object behind the light one, so that whatever a later version
 * of Node adds works too; what Node does not have is not added.
 * @param {object} prototype
 * @param {{ prototype: object, real?: (value: unknown) => unknown }} light
 */
function take_over(prototype, light) {
	/** @type {Map<Function, Function>} one for each, as iterators have two names */
	const replaced = new Map();

	/**
	 * @param {Function} original
	 * @param {Function | undefined} own
	 */
	function replacement(original, own) {
		const known = replaced.get(original);
		if (known) return known;
		const put = own ?? delegate(original, light.real);
		replaced.set(original, put);
		return put;
	}

	for (const key of Reflect.ownKeys(prototype)) {
		const original = /** @type {PropertyDescriptor} */ (
			Object.getOwnPropertyDescriptor(prototype, key)
		);
		const own = Object.getOwnPropertyDescriptor(light.prototype, key);
		if (key === 'constructor') continue;
		if (original.get) {
			const get = /** @type {() => any} */ (replacement(original.get, own?.get));
			Object.defineProperty(prototype, key, { ...original, get });
		} else if (typeof original.value === 'function') {
			const value = replacement(original.value, own?.value);
			Object.defineProperty(prototype, key, { ...original, value });
		}
	}
}

/**
 * @param {Function} original
 * @param {((value: unknown) => unknown) | undefined} real
 * @returns {Function} the same for light objects
 */
function delegate(original, real = (value) => value) {
	// a method, as these cannot be constructed either
	const { method } = {
		/** @param {unknown[]} args */
		method(...args) {
			return Reflect.apply(original, real(this), args);
		}
	};
	for (const key of /** @type {const} */ (['name', 'length'])) {
		Object.defineProperty(method, key, { configurable: true, value: original[key] });
	}
	return method;
}

let installed = false;

export function install() {
	if (installed) return;
	installed = true;
	take_over(iterator_prototype, LightIterator);
	take_over(NativeHeaders.prototype, LightHeaders);
	take_over(NativeRequest.prototype, LightRequest);
	take_over(NativeResponse.prototype, LightResponse);
	for (const constructor of [Headers, Request, Response]) {
		Object.defineProperty(constructor.prototype, 'constructor', {
			configurable: true,
			writable: true,
			value: constructor
		});
	}
	replace(NativeResponse, 'json', statics.json);
	replace(globalThis, 'Headers', Headers);
	replace(globalThis, 'Request', Request);
	replace(globalThis, 'Response', Response);
	replace(globalThis, 'fetch', fetch);
}

/**
 * @param {object} holder
 * @param {string} key
 * @param {unknown} value
 */
function replace(holder, key, value) {
	const { enumerable } = /** @type {PropertyDescriptor} */ (
		Object.getOwnPropertyDescriptor(holder, key)
	);
	Object.defineProperty(holder, key, { configurable: true, enumerable, writable: true, value });
}
