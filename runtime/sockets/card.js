/**
 * A peer's card: what any worker has to know of it to run its hooks, as bytes that the hub keeps.
 * The head, written once at the handshake, and after it the context, which hooks may change:
 *
 *   u32 length of the head (little-endian), head, context; both as `v8.serialize` writes them
 *
 * A context without members takes no bytes.
 */
import { builtin } from '../builtin.js';
import { for_each_line } from '../header-lines.js';

/** @typedef {Record<string, unknown>} Context */

/**
 * @typedef {object} Head
 * @property {string} pattern of the path, which names the hooks
 * @property {Record<string, string>} params
 * @property {string} origin
 * @property {string} target
 * @property {boolean} canonical whether origin and target make the URL without the parser
 * @property {string} address of the other end; empty where there is none
 * @property {string} headers `name\nvalue\n` lines of the handshake
 * @property {{ id: string, info: unknown } | null} user
 * @property {'websocket' | 'sse'} transport
 */

/** Of a handshake's headers, what is of no use once it is over. */
const SPENT = new Set([
	'connection',
	'upgrade',
	'sec-websocket-key',
	'sec-websocket-version',
	'sec-websocket-extensions'
]);

/** A card lives in memory for as long as its peer, and goes from worker to worker. */
const CONTEXT_BYTES = 64 * 1024;

/** @returns {typeof import('node:v8')} */
const v8 = () => builtin('node:v8');

/**
 * A request's header lines, without those that a card need not carry.
 * @param {string} lines
 */
export function kept_headers(lines) {
	let kept = '';
	for_each_line(lines, (name, value) => {
		if (!SPENT.has(name)) kept += `${name}\n${value}\n`;
	});
	return kept;
}

/** @param {Head} head */
export function write_head(head) {
	const { pattern, params, origin, target, canonical, address, headers, user, transport } = head;
	// without names, which would stand in the memory of each peer
	const kept = [pattern, params, origin, target, canonical, address, headers, user];
	return v8().serialize(transport === 'websocket' ? kept : [...kept, transport]);
}

/**
 * @param {Context} context
 * @throws if it holds what cannot be cloned, such as a function
 */
export function write_context(context) {
	return Object.keys(context).length === 0 ? Buffer.alloc(0) : v8().serialize(context);
}

/**
 * @param {Uint8Array} head
 * @param {Uint8Array} context
 * @throws if it is more than a peer may have
 */
export function write_card(head, context) {
	if (context.length > CONTEXT_BYTES) {
		throw new RangeError(
			`The context of a peer takes at most ${CONTEXT_BYTES} bytes, and this one ${context.length}`
		);
	}
	const card = Buffer.allocUnsafe(4 + head.length + context.length);
	card.writeUInt32LE(head.length, 0);
	card.set(head, 4);
	card.set(context, 4 + head.length);
	return card;
}

/** A card as it is read, and as hooks change its context. */
export class Card {
	/** @type {Uint8Array | null} */
	#bytes;
	/** @type {{ read_card(): Uint8Array | null } | null} */
	#source;
	/** @type {Head | undefined} */
	#head;
	/** @type {Context | undefined} */
	#context;
	/** Someone has had the context in their hands. */
	#touched = false;

	/**
	 * @param {Uint8Array | null} bytes
	 * @param {{ read_card(): Uint8Array | null }} [source] of which they are to be had when they are
	 *   needed: a peer that nobody asks anything of need not keep them here as well
	 */
	constructor(bytes, source) {
		this.#bytes = bytes;
		this.#source = source ?? null;
	}

	/** That of a peer of which nothing is known any more. */
	static blank() {
		const head = {
			pattern: '',
			params: {},
			origin: 'http://localhost',
			target: '/',
			canonical: true,
			address: '',
			headers: '',
			user: null,
			transport: /** @type {const} */ ('websocket')
		};
		return new Card(write_card(write_head(head), Buffer.alloc(0)));
	}

	/** @returns {Uint8Array} */
	#own() {
		return this.#bytes ?? this.#source?.read_card() ?? Card.blank().#own();
	}

	/**
	 * Where it came from it cannot be had any more.
	 * @param {Uint8Array} bytes
	 */
	keep(bytes) {
		this.#bytes ??= bytes;
	}

	get head() {
		return (this.#head ??= read_head(parts(this.#own()).head));
	}

	get context() {
		this.#touched = true;
		if (this.#context === undefined) {
			// what it is compared with
			this.#bytes = this.#own();
			const { context } = parts(this.#bytes);
			this.#context =
				context.length === 0 ? {} : /** @type {Context} */ (v8().deserialize(context));
		}
		return this.#context;
	}

	/**
	 * The card to be kept, if the context has been touched since this was asked last, and is another.
	 * @param {boolean} [in_use] somebody may still change the context that he has been given
	 * @returns {Uint8Array | null}
	 * @throws if the context cannot be kept
	 */
	changed(in_use = false) {
		if (!this.#touched || this.#context === undefined) return null;
		this.#touched = in_use;
		const context = write_context(this.#context);
		const before = parts(this.#own());
		if (Buffer.compare(context, before.context) === 0) return null;
		return (this.#bytes = write_card(before.head, context));
	}
}

/** @param {Uint8Array} bytes of a card */
function parts(bytes) {
	const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
	return { head: bytes.subarray(4, end), context: bytes.subarray(end) };
}

/**
 * What names the hooks of a peer.
 * @param {Uint8Array} bytes of its card
 */
export const pattern_of = (bytes) => read_head(parts(bytes).head).pattern;

/**
 * @param {Uint8Array} bytes
 * @returns {Head}
 */
function read_head(bytes) {
	const [pattern, params, origin, target, canonical, address, headers, user, transport] =
		v8().deserialize(bytes);
	return {
		pattern,
		params,
		origin,
		target,
		canonical,
		address,
		headers,
		user,
		transport: transport ?? 'websocket'
	};
}
