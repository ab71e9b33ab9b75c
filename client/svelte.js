/**
 * `svelte-adapter-oxide/client/svelte`: the same for runes. What is a store there is one here
 * too, and its `current` is reactive as well. Needs Svelte 5.7.
 */
import { createSubscriber } from 'svelte/reactivity';
import * as client from './index.js';

export { configure, onMessage, onRequest, reconnect, request, send } from './index.js';

/**
 * @template T
 * @param {{ subscribe: (run: (value: T) => void) => () => void }} store
 */
function tracker(store) {
	return createSubscriber((update) => {
		// The first call comes at once, and whoever tracks reads the value after it.
		let first = true;
		const stop = store.subscribe(() => first || update());
		first = false;
		return stop;
	});
}

/**
 * @template T
 * @param {{ subscribe: (run: (value: T) => void) => () => void, readonly current: T }} store
 */
function rune(store) {
	const track = tracker(store);
	return {
		subscribe: store.subscribe,
		get current() {
			track();
			return store.current;
		}
	};
}

const track_status = tracker(client.status);

export const status = {
	subscribe: client.status.subscribe,
	get current() {
		track_status();
		return client.status.current;
	},
	get closed() {
		track_status();
		return client.status.closed;
	}
};

/** @param {string} name @param {any} [options] */
export function topic(name, options) {
	const plain = client.topic(name, options);
	const events = rune(plain);
	return {
		name,
		subscribe: plain.subscribe,
		get current() {
			return events.current;
		},
		get latest() {
			return events.current;
		},
		get position() {
			return plain.position;
		},
		state: rune(plain.state),
		on: plain.on,
		onGap: plain.onGap
	};
}

/** @param {string} name @param {any} [initial] */
export const latest = (name, initial) => rune(client.latest(name, initial));

/** @param {string} name @param {any} [initial] */
export const presence = (name, initial) => rune(client.presence(name, initial));

/** @param {string} name @param {any} [initial] */
export const count = (name, initial) => rune(client.count(name, initial));
