/**
 * Puts the light web objects in the place of the platform's, before any user code runs.
 * The originals' constructors and `fetch` must accept light objects wherever they accept
 * real ones; `instanceof` holds both ways.
 */
import { NativeRequest, native_fetch, unwrap } from './natives.js';

let installed = false;

export function install() {
	if (installed) return;
	installed = true;

	globalThis.Request = /** @type {any} */ (
		new Proxy(NativeRequest, {
			construct: (target, [input, init, ...rest], new_target) =>
				Reflect.construct(target, [unwrap(input), unwrap(init), ...rest], new_target)
		})
	);

	// a proxy keeps the function's name, its length and what others have put on it
	globalThis.fetch = new Proxy(native_fetch, {
		apply: (target, this_arg, [input, ...rest]) =>
			Reflect.apply(target, this_arg, [unwrap(input), ...rest])
	});
}
