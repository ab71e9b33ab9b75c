/**
 * A value that tells those who look at it, by Svelte's store contract, and knows whether
 * anybody looks. Nothing of Svelte is needed for it.
 */

/**
 * Calls all of them, also those behind one that throws: what one component does wrong must
 * not keep a message from the others. Its error goes where uncaught errors go.
 * @template {any[]} A
 * @param {Iterable<(...args: A) => void>} functions may change meanwhile
 * @param {A} args
 */
export function each(functions, ...args) {
	for (const run of [...functions]) {
		try {
			run(...args);
		} catch (error) {
			reportError(error);
		}
	}
}

/**
 * @template T
 * @param {T} value at first
 * @param {() => (() => void) | undefined} [start] runs when somebody begins to look; what it returns runs
 *   when nobody looks any more
 */
export function store(value, start) {
	/** @type {Map<object, (value: T) => void>} */
	const looking = new Map();
	/** @type {(() => void) | undefined} */
	let stop;
	return {
		get current() {
			return value;
		},
		/** @param {T} next */
		set(next) {
			if (next === value) return;
			value = next;
			each(looking.values(), value);
		},
		/** @param {(value: T) => void} run is called at once, and whenever the value changes */
		subscribe(run) {
			// by an object of its own: the same function may look twice
			const look = {};
			if (looking.size === 0) stop = start?.();
			looking.set(look, run);
			run(value);
			return () => {
				if (looking.delete(look) && looking.size === 0) stop?.();
			};
		}
	};
}

/**
 * @template T
 * @typedef {ReturnType<typeof store<T>>} Store
 */
