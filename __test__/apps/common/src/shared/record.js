/**
 * What the app saw, kept per key so that cases which run side by side do not meet:
 * gates that hold a response until another request opens them, and a journal of
 * what happened to a request (its signal, its streams, the errors it raised).
 */

/** @type {Map<string, PromiseWithResolvers<void>>} */
const gates = new Map();

/** @type {Map<string, string[]>} */
const journals = new Map();

/** @param {string} key */
function gate(key) {
	let entry = gates.get(key);
	if (!entry) {
		let resolve = () => {};
		/** @type {Promise<void>} */
		const promise = new Promise((fulfil) => (resolve = fulfil));
		entry = /** @type {PromiseWithResolvers<void>} */ ({ promise, resolve, reject: resolve });
		gates.set(key, entry);
	}
	return entry;
}

/**
 * Resolves once somebody has opened the gate, in whatever order the two come
 * @param {string} key
 */
export function opened(key) {
	return gate(key).promise;
}

/** @param {string} key */
export function open(key) {
	gate(key).resolve();
}

/**
 * @param {string} key
 * @param {string} entry
 */
export function note(key, entry) {
	const list = journals.get(key);
	if (list) list.push(entry);
	else journals.set(key, [entry]);
}

/** @param {string} key */
export function journal(key) {
	return journals.get(key) ?? [];
}
