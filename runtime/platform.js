/**
 * `event.platform`. `req` is what adapter-node's users know as the IncomingMessage, reduced
 * to what can be read from it; the socket itself belongs to Rust. `worker` says who renders, `hub` speaks
 * to all sockets.
 */
import { for_each_line, parse_headers } from './header-lines.js';
import { hub } from './sockets/hub.js';
import { this_worker } from './this-worker.js';

/** @import { RequestRecord } from './wire.js' */

export class PlatformRequest {
	/** @type {RequestRecord} */
	#record;
	/** @type {Record<string, string | string[]> | undefined} */
	#headers;

	/** @param {RequestRecord} record */
	constructor(record) {
		this.#record = record;
		this.method = record.method;
		this.url = record.target;
		this.httpVersionMajor = 1;
		this.httpVersionMinor = record.http10 ? 0 : 1;
		this.httpVersion = record.http10 ? '1.0' : '1.1';
		this.socket = {
			remoteAddress: record.address || undefined,
			remotePort: record.port || undefined,
			remoteFamily: record.address ? (record.address.includes(':') ? 'IPv6' : 'IPv4') : undefined
		};
		this.connection = this.socket;
	}

	/**
	 * The exchange that a request was made for.
	 * @param {unknown} value
	 * @returns {RequestRecord | undefined} none for what is no such request
	 */
	static record(value) {
		return typeof value === 'object' && value !== null && #record in value
			? value.#record
			: undefined;
	}

	get headers() {
		if (this.#headers === undefined) {
			/** @type {Record<string, string | string[]>} */
			const headers = Object.fromEntries(parse_headers(this.#record.headers));
			// the one header that Node always gives as a list
			if (headers['set-cookie'] !== undefined) {
				/** @type {string[]} */
				const list = [];
				for_each_line(this.#record.headers, (name, value) => {
					if (name === 'set-cookie') list.push(value);
				});
				headers['set-cookie'] = list;
			}
			this.#headers = headers;
		}
		return this.#headers;
	}

	get rawHeaders() {
		/** @type {string[]} */
		const raw = [];
		for_each_line(this.#record.headers, (name, value) => raw.push(name, value));
		return raw;
	}
}

/**
 * @param {RequestRecord} record
 * @returns {{ readonly req: PlatformRequest, readonly worker: typeof this_worker, readonly hub: typeof hub }}
 */
export function create_platform(record) {
	/** @type {PlatformRequest | undefined} */
	let req;
	return {
		get req() {
			return (req ??= new PlatformRequest(record));
		},
		worker: this_worker,
		hub
	};
}
