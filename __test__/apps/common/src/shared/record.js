/**
 * What the app saw, kept per key so that cases which run side by side do not meet:
 * gates that hold a response until another request opens them, and a journal of
 * what happened to a request (its signal, its streams, the errors it raised).
 *
 * All workers of a process have the same gates and journals: what one of them learns it tells the
 * others. One that starts later knows nothing of before.
 */

const others = new BroadcastChannel('record');
// only Node's has it, and only Node's would keep the process
/** @type {any} */ (others).unref?.();

others.onmessage = ({ data: { opened, key, entry } }) => {
	if (opened) gate(key).resolve();
	else write(key, entry);
};

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
	others.postMessage({ opened: true, key });
}

/**
 * @param {string} key
 * @param {string} entry
 */
function write(key, entry) {
	const list = journals.get(key);
	if (list) list.push(entry);
	else journals.set(key, [entry]);
}

/**
 * @param {string} key
 * @param {string} entry
 */
export function note(key, entry) {
	write(key, entry);
	others.postMessage({ key, entry });
}

/** @param {string} key */
export function journal(key) {
	return journals.get(key) ?? [];
}
