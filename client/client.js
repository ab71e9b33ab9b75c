/**
 * The client of one page: puts link, outbox and topics together, tells frames of the
 * protocol from messages, and gives all of it the shape that users see. On a server, where
 * there is no page, everything holds its initial value and nothing connects.
 */
import { create_link } from './link.js';
import { create_outbox, failure } from './outbox.js';
import { each, store } from './store.js';
import { create_topics, IDLE } from './topics.js';

/** @typedef {import('./outbox.js').Frame} Frame */
/** @typedef {import('./topics.js').Channel} Channel */

/** @param {number} code */
const retry = (code) => code !== 1008 && code < 4000;

/** @param {import('./link.js').Page} page */
export function create_client(page) {
	const in_browser = page.document !== undefined;

	/** @type {import('./link.js').Settings} */
	const settings = {
		path: '/ws',
		linger: 5000,
		maxQueued: 100,
		maxQueuedBytes: 1024 * 1024,
		retry
	};
	/** @type {Map<object, (data: any, raw?: any) => any>} */
	const listeners = new Map();
	/** @type {typeof listeners} the last one answers */
	const answerers = new Map();
	let scheduled = false;

	const link = create_link(page, settings, {
		wanted: () => topics.busy() || outbox.busy() || listeners.size + answerers.size > 0,
		opened: changed,
		received,
		lost() {
			outbox.lost();
			topics.lost();
		},
		stopped: () => outbox.stopped()
	});
	const outbox = create_outbox(page, settings, link, changed);
	const topics = create_topics(page, link, outbox, changed);

	/**
	 * In a moment, when all that is going on has been said: components come and go together,
	 * and nothing that Svelte watches may change while it renders.
	 */
	function changed() {
		if (scheduled) return;
		scheduled = true;
		queueMicrotask(() => {
			scheduled = false;
			topics.advance();
			outbox.pump();
			link.attend();
		});
	}

	/** @param {string | ArrayBuffer} raw */
	function received(raw) {
		/** @type {any} */
		let data = raw;
		/** @param {string} start */
		const begins = (start) => typeof raw === 'string' && raw.startsWith(start);
		try {
			if (typeof raw === 'string') data = JSON.parse(raw);
		} catch {
			// a text that is no JSON is a message as any other
		}
		// to the letter: the server sees to it that nobody's own text begins like that
		if (begins('{"type":"__')) control(data);
		else if (!begins('{"topic":') || !topics.received(data)) each(listeners.values(), data, raw);
	}

	/** @param {Frame} frame */
	function control(frame) {
		if (frame.type === '__request') return answer(frame);
		if (frame.type === '__skipped') return topics.skipped();
		if (outbox.settle(frame) || frame.type !== '__error') return;
		reportError(failure(frame.code, frame.reason ?? frame.code));
	}

	/** @param {Frame} frame */
	async function answer({ id, data }) {
		const reply = link.replier();
		let text;
		try {
			const answerer = [...answerers.values()].at(-1);
			if (!answerer) throw new Error('nobody answers requests here');
			text = JSON.stringify({ type: '__reply', id, data: (await answerer(data)) ?? null });
		} catch (error) {
			const told = error instanceof Error ? error.message : String(error);
			text = JSON.stringify({ type: '__reply', id, error: told });
		}
		reply(text);
	}

	/**
	 * A part of a topic as a store, which uses the topic while anybody looks and holds its
	 * initial value else.
	 * @param {string} name
	 * @param {'event' | 'state' | 'roll' | 'total'} part
	 * @param {any} initial
	 * @param {(value: any) => any} [read]
	 * @param {import('./topics.js').Position} [since]
	 */
	function view(name, part, initial, read = (value) => value, since) {
		const seen = store(initial, () => {
			if (!in_browser) return;
			const stop = topics.channel_of(name, since)[part].subscribe((value) => {
				if (value !== undefined) seen.set(read(value));
			});
			return () => {
				stop();
				seen.set(initial);
			};
		});
		return {
			subscribe: seen.subscribe,
			get current() {
				const value = topics.find(name)?.[part].current;
				return value === undefined ? initial : read(value);
			}
		};
	}

	/**
	 * A function in use, until it is taken back.
	 * @template F
	 * @param {Map<object, F>} place
	 * @param {F} run
	 * @param {() => void} [release]
	 */
	function attach(place, run, release = changed) {
		if (!in_browser) return () => {};
		changed();
		const key = {};
		place.set(key, run);
		return () => {
			if (place.delete(key)) release();
		};
	}

	return {
		/** @param {Partial<import('./link.js').Settings>} options */
		configure(options) {
			Object.assign(settings, options);
		},

		status: {
			subscribe: link.status.subscribe,
			get current() {
				return link.status.current;
			},
			get closed() {
				return link.closed();
			}
		},

		/**
		 * @param {string} name
		 * @param {{ since?: import('./topics.js').Position }} [options]
		 */
		topic(name, { since } = {}) {
			const events = view(name, 'event', undefined, undefined, since);
			/** @param {'handlers' | 'gaps'} place @param {(event?: any) => void} run */
			const listen = (place, run) => {
				if (!in_browser) return () => {};
				const channel = topics.channel_of(name, since);
				return attach(channel[place], run, topics.hold(channel));
			};
			return {
				name,
				subscribe: events.subscribe,
				get current() {
					return events.current;
				},
				get latest() {
					return events.current;
				},
				get position() {
					return topics.find(name)?.since ?? since;
				},
				state: view(name, 'state', IDLE, undefined, since),
				/**
				 * @param {any} type of the events; all, if it is the handler
				 * @param {(event: any) => void} [handler]
				 */
				on: (type, handler) =>
					listen('handlers', handler ? (event) => event.type === type && handler(event) : type),
				/** @param {() => void} handler */
				onGap: (handler) => listen('gaps', handler)
			};
		},

		/** @param {string} name @param {any} [initial] */
		latest: (name, initial) => view(name, 'event', initial, ({ data }) => data),

		/** @param {string} name @param {import('./topics.js').User[]} [initial] */
		presence: (name, initial = []) => view(name, 'roll', initial),

		/** @param {string} name @param {number} [initial] */
		count: (name, initial = 0) => view(name, 'total', initial),

		/** @param {any} message */
		send: (message) => (in_browser ? outbox.send(message) : only_in_browser()),

		/** @param {any} message @param {{ timeout?: number }} [options] */
		request: (message, options) =>
			in_browser ? outbox.request(message, options) : only_in_browser(),

		/** @param {(data: any, raw: string | ArrayBuffer) => void} handler */
		onMessage: (handler) => attach(listeners, handler),

		/** @param {(data: any) => any} handler */
		onRequest: (handler) => attach(answerers, handler),

		reconnect() {
			if (in_browser) link.reconnect();
		}
	};
}

/** There is no connection on a server. @returns {Promise<never>} */
function only_in_browser() {
	const refused = Promise.reject(failure('server', 'there is no connection on a server'));
	// A rejection that nobody waits for would end the server's process.
	refused.catch(() => {});
	return refused;
}
