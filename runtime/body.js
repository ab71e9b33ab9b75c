/**
 * A request body on its way from Rust: whole, in chunks within a credit, or refused. Rust
 * sends no more than the reader has asked for, so an unread upload costs one window.
 */
// @ts-expect-error SvelteKit exports it without a type
import { SvelteKitError } from '@sveltejs/kit/internal';
import { native, settings } from './native.js';
import { BODY_TOO_LARGE, BODY_WHOLE, FAULT_TOO_LARGE } from './wire.js';

/** @import { RequestRecord } from './wire.js' */

/** @param {string} message */
const too_large = (message) => new SvelteKitError(413, 'Payload Too Large', message);

export class InboundBody {
	/** @type {RequestRecord} */
	#record;
	/** @type {Uint8Array[]} */
	#waiting = [];
	/** @type {ReadableStreamDefaultController<Uint8Array> | null} */
	#controller = null;
	/** The reader wants a chunk that has not come yet. */
	#wanted = false;
	#ended = false;
	/** @type {unknown} */
	#error = undefined;
	/** @type {ReadableStream<Uint8Array> | null} */
	#stream = null;

	/** @param {RequestRecord} record */
	constructor(record) {
		this.#record = record;
		if (record.body_mode === BODY_WHOLE) {
			this.#ended = true;
		} else if (record.body_mode === BODY_TOO_LARGE) {
			this.#ended = true;
			this.#error = too_large(
				`Content-length of ${record.content_length} exceeds limit of ${settings.bodyLimit} bytes.`
			);
		}
	}

	/** All bytes, when they came with the request. */
	get whole() {
		return this.#record.body_mode === BODY_WHOLE ? (this.#record.body ?? new Uint8Array()) : null;
	}

	/** The body as the Fetch standard wants it; the same one each time. */
	get stream() {
		return (this.#stream ??= new ReadableStream({
			start: (controller) => {
				this.#controller = controller;
				if (this.#error !== undefined) {
					controller.error(this.#error);
					return;
				}
				const whole = this.whole;
				if (whole !== null) {
					controller.enqueue(whole);
					controller.close();
				}
			},
			pull: () => {
				const chunk = this.#waiting.shift();
				if (chunk !== undefined) this.#deliver(chunk);
				else if (this.#ended) this.#controller?.close();
				else this.#wanted = true;
			},
			cancel: () => {
				this.#waiting = [];
				if (!this.#ended) {
					this.#ended = true;
					native.cancelBody(this.#record.slot, this.#record.generation);
				}
			}
		}));
	}

	/** @param {Uint8Array<ArrayBuffer>} chunk */
	push(chunk) {
		if (this.#ended) return;
		if (this.#wanted) this.#deliver(chunk);
		else this.#waiting.push(chunk);
	}

	/** No more will come. A reader that is still there sees a clean end. */
	end() {
		if (this.#ended) return;
		this.#ended = true;
		if (this.#wanted) {
			this.#wanted = false;
			this.#controller?.close();
		}
	}

	/** @param {number} fault */
	fail(fault) {
		if (this.#ended) return;
		this.#ended = true;
		this.#error =
			fault === FAULT_TOO_LARGE
				? too_large(`request body size exceeded BODY_SIZE_LIMIT of ${settings.bodyLimit}`)
				: Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
		this.#waiting = [];
		this.#controller?.error(this.#error);
	}

	/** @param {Uint8Array} chunk */
	#deliver(chunk) {
		this.#wanted = false;
		this.#controller?.enqueue(chunk);
		native.credit(this.#record.slot, this.#record.generation, chunk.byteLength);
	}
}
