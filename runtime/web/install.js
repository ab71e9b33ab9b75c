/**
 * Puts the light web objects in the place of the platform's, before any user code runs.
 * The originals' constructors and `fetch` must accept light objects wherever they accept
 * real ones; `instanceof` holds both ways. What a light object cannot be is a real one,
 * subclasses included.
 */
import { LightHeaders } from './headers.js';
import { NativeHeaders, NativeRequest, NativeResponse, native_fetch, unwrap } from './natives.js';
import { LightRequestHeaders } from './request-headers.js';
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
	construct: (target, args, new_target) => Reflect.construct(target, args.map(unwrap), new_target)
});

/**
 * @param {unknown} data
 * @param {ResponseInit} [init]
 */
function json(data, init) {
	// `null` is refused here and taken by the constructor
	const text = init === null ? undefined : JSON.stringify(data);
	const light = text === undefined ? null : LightResponse.create(text, init, 'application/json');
	return light ?? Reflect.apply(NativeResponse.json, NativeResponse, arguments);
}

/** @type {typeof globalThis.Response} */
const Response = new Proxy(NativeResponse, {
	construct: (target, args, new_target) =>
		(new_target === Response && LightResponse.create(args[0], args[1])) ||
		Reflect.construct(target, args, new_target),
	get: (target, key, receiver) => (key === 'json' ? json : Reflect.get(target, key, receiver))
});

const fetch = new Proxy(native_fetch, {
	apply: (target, this_arg, args) => Reflect.apply(target, this_arg, args.map(unwrap))
});

let installed = false;

export function install() {
	if (installed) return;
	installed = true;
	Object.assign(globalThis, { Headers, Request, Response, fetch });
	for (const [light, constructor] of /** @type {const} */ ([
		[LightHeaders, Headers],
		[LightRequestHeaders, Headers],
		[LightRequest, Request],
		[LightResponse, Response]
	])) {
		Object.defineProperty(light.prototype, 'constructor', {
			configurable: true,
			writable: true,
			value: constructor
		});
	}
}
