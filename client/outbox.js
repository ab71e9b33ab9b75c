/**
 * What this page says, in order: messages and requests, held back while there is no
 * connection, within bounds; and the names under which answers come back.
 */

/** @typedef {Error & { code: string }} Failure */
/** @typedef {string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob} Payload */
/** @typedef {Record<string, any>} Frame */

/**
 * @typedef {object} Item
 * @property {Payload} data
 * @property {number} size in bytes, once it waits
 * @property {number} [id] for what is answered
 * @property {boolean} live somebody waits for its end
 * @property {(answer: Frame) => void} done
 * @property {(failure: Failure) => void} fail
 */

/** So many wishes of a peer may be in flight; the server refuses more. */
const WISHES = 16;

/**
 * @param {string} code
 * @param {string} message
 * @returns {Failure}
 */
export const failure = (code, message) => Object.assign(new Error(message), { code });

/** @param {any} value */
const json = (value) => JSON.stringify(value ?? null);

/**
 * @param {import('./link.js').Page} page
 * @param {import('./link.js').Settings} settings
 * @param {import('./link.js').Link} link
 * @param {() => void} changed is called when there may be room for further wishes, or less to do
 */
export function create_outbox(page, settings, link, changed) {
	let last_id = 0;
	let bytes = 0;
	/** @type {Item[]} */
	const waiting = [];
	/** @type {Map<number, Item>} */
	const flying = new Map();

	/** Whether so many wishes more may be in flight. */
	const room = (wishes = 1) => link.ready() && flying.size + wishes <= WISHES;

	function pump() {
		while (waiting.length > 0 && link.ready()) {
			const [first] = waiting;
			if (first.id && !room()) return;
			waiting.shift();
			bytes -= first.size;
			link.send(first.data);
			if (first.id) flying.set(first.id, first);
			else first.done({});
		}
	}

	const full = () => failure('queue-full', 'too much waits to be sent');
	const unwanted = () => failure('stopped', 'the server does not want this page');

	/** @param {Item} item */
	function add(item) {
		if (link.stopped()) return item.fail(unwanted());
		// what the browser has not got rid of is not ours to bound any more
		if (link.buffered() > settings.maxQueuedBytes) return item.fail(full());
		waiting.push(item);
		pump();
		if (waiting.at(-1) === item) {
			item.size = new Blob([item.data]).size;
			bytes += item.size;
			while (waiting.length > settings.maxQueued || bytes > settings.maxQueuedBytes) {
				const oldest = /** @type {Item} */ (waiting.shift());
				bytes -= oldest.size;
				oldest.fail(full());
			}
		}
		changed();
	}

	/**
	 * A wish of the library itself, while there is room. It is forgotten with the connection.
	 * @param {Frame} frame
	 * @param {(answer: Frame) => void} done
	 * @param {(failure: Failure) => void} fail
	 */
	function ask(frame, done, fail) {
		const id = ++last_id;
		flying.set(id, { data: '', size: 0, live: false, done, fail });
		link.send(json({ ...frame, id }));
	}

	/**
	 * @param {any} message
	 * @returns {Promise<void>} when the browser has it
	 */
	function send(message) {
		return new Promise((done, fail) => {
			const raw =
				typeof message === 'string' ||
				message instanceof ArrayBuffer ||
				ArrayBuffer.isView(message) ||
				message instanceof Blob;
			const data = raw ? /** @type {Payload} */ (message) : json(message);
			add({ data, size: 0, live: true, done: () => done(), fail });
		});
	}

	/**
	 * @param {any} message
	 * @param {{ timeout?: number }} [options]
	 * @returns {Promise<any>}
	 */
	function request(message, { timeout = 10_000 } = {}) {
		return new Promise((fulfil, reject) => {
			const id = ++last_id;
			/** @type {ReturnType<typeof setTimeout> | undefined} */
			let timer;
			/** @type {Item} */
			const item = {
				id,
				data: json({ type: '__request', id, data: message ?? null }),
				size: 0,
				live: true,
				done(answer) {
					page.clearTimeout(timer);
					fulfil(answer.data);
				},
				fail(failure) {
					page.clearTimeout(timer);
					reject(failure);
				}
			};
			if (timeout > 0) {
				timer = page.setTimeout(() => {
					const at = waiting.indexOf(item);
					if (at >= 0) {
						waiting.splice(at, 1);
						bytes -= item.size;
					}
					// One in flight goes on being counted: the server is still at it.
					item.live = false;
					reject(failure('timeout', `no answer within ${timeout} ms`));
					changed();
				}, timeout);
			}
			add(item);
		});
	}

	/**
	 * @param {Frame} answer
	 * @returns {boolean} whether anybody had asked
	 */
	function settle(answer) {
		const item = flying.get(answer.id);
		if (!item) return false;
		flying.delete(answer.id);
		const { code = 'failed', reason, error = reason } = answer;
		if (answer.type === '__error' || error !== undefined) {
			item.fail(failure(code, error ?? code));
		} else {
			item.done(answer);
		}
		changed();
		return true;
	}

	return {
		ask,
		room,
		send,
		request,
		settle,
		pump,
		busy: () => waiting.length > 0 || [...flying.values()].some(({ live }) => live),
		lost() {
			const items = [...flying.values()];
			flying.clear();
			for (const item of items) {
				if (item.live) item.fail(failure('disconnected', 'the answer was lost'));
			}
		},
		stopped() {
			bytes = 0;
			for (const item of waiting.splice(0)) item.fail(unwanted());
		}
	};
}

/** @typedef {ReturnType<typeof create_outbox>} Outbox */
