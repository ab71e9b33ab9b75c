/**
 * A message from a peer as hooks see it, with the names and shapes of crossws: a text is a string
 * and everything else `Uint8Array`, and each can be had as the other.
 */
import { builtin } from '../builtin.js';

/** @import { Peer } from './peer.js' */

const inspect = Symbol.for('nodejs.util.inspect.custom');

export class Message {
	/** @type {string | undefined} */
	#id;
	/** @type {string | undefined} */
	#text;
	/** @type {Uint8Array | undefined} */
	#bytes;

	/** There is no DOM event behind it. @type {undefined} */
	event = undefined;

	/**
	 * @param {string | Uint8Array} raw
	 * @param {Peer} peer
	 */
	constructor(raw, peer) {
		this.rawData = raw;
		this.peer = peer;
	}

	/** Random, made when it is first asked for. */
	get id() {
		/** @type {typeof import('node:crypto')} */
		const { randomUUID } = builtin('node:crypto');
		return (this.#id ??= randomUUID());
	}

	/** Whether it came as a binary message. */
	get isBinary() {
		return typeof this.rawData !== 'string';
	}

	get data() {
		return this.rawData;
	}

	text() {
		if (typeof this.rawData === 'string') return this.rawData;
		return (this.#text ??= new TextDecoder().decode(this.rawData));
	}

	/**
	 * The parsed text, anew at each call: what one reader changes is nothing to another.
	 * @throws {SyntaxError}
	 */
	json() {
		return JSON.parse(this.text());
	}

	uint8Array() {
		if (typeof this.rawData !== 'string') return this.rawData;
		return (this.#bytes ??= new TextEncoder().encode(this.rawData));
	}

	arrayBuffer() {
		const bytes = this.uint8Array();
		const { buffer, byteOffset, byteLength } = bytes;
		return byteLength === buffer.byteLength
			? buffer
			: buffer.slice(byteOffset, byteOffset + byteLength);
	}

	blob() {
		return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (this.uint8Array())]);
	}

	toString() {
		return this.text();
	}

	[Symbol.toPrimitive]() {
		return this.text();
	}

	[inspect]() {
		return { message: { id: this.id, peer: this.peer, text: this.text() } };
	}
}
