/**
 * One exchange on the JS side, from its request record to the end of its reply. It holds
 * what the wire can still speak of: the request to abort, the body to feed, the response
 * stream to resume or cancel.
 */
import { InboundBody } from './body.js';
import { settings } from './native.js';
import { LightRequest } from './web/request.js';
import { BODY_NONE } from './wire.js';

/** @import { RequestRecord } from './wire.js' */

export class Exchange {
	/**
	 * @param {RequestRecord} record
	 * @param {string | null} origin
	 */
	constructor(record, origin) {
		this.slot = record.slot;
		this.generation = record.generation;
		this.record = record;
		this.body = record.body_mode === BODY_NONE ? null : new InboundBody(record);
		this.light = new LightRequest(record, origin, this.body);
		/** Rust has let go of it: whatever is written now reaches nobody. */
		this.gone = false;
		/** @type {ReadableStreamDefaultReader<unknown> | null} */
		this.reader = null;
		/** @type {(() => void) | null} called when the client has taken enough to go on */
		this.resume = null;
	}

	/**
	 * What SvelteKit gets. The platform's own is made at once, and throws where the Fetch
	 * standard refuses what HTTP allows.
	 * @returns {Request}
	 */
	request() {
		return settings.lightWebObjects
			? /** @type {Request} */ (/** @type {unknown} */ (this.light))
			: LightRequest.real(this.light);
	}

	/** The client has sent its last byte: most likely it has gone, but it may still read. */
	hang_up() {
		LightRequest.abort(this.light);
	}

	/** The client went away, or Rust gave up waiting. */
	abort() {
		this.gone = true;
		LightRequest.abort(this.light);
		this.body?.fail(0);
		// the reason is nobody's to handle: a stream may fail to cancel, and it is over anyway
		this.reader?.cancel().catch(() => {});
		this.drained();
	}

	/** The client has taken what it was sent. */
	drained() {
		const resume = this.resume;
		this.resume = null;
		resume?.();
	}
}
