/**
 * The listening server as scripts that import the build see it: the part of `http.Server`
 * that makes sense when Rust owns the socket.
 */
import { builtin } from './builtin.js';
import { native, settings } from './native.js';

/** @type {typeof import('node:events')} */
const { EventEmitter } = builtin('node:events');

/** The longest interval there is; it only keeps the process alive. */
const FOREVER = 2 ** 31 - 1;

export class OxideServer extends EventEmitter {
	listening = false;
	/** @type {import('../native/index.js').Address | null} */
	#address = null;
	/** @type {NodeJS.Timeout | undefined} */
	#alive;

	/** Binds; throws what `http.Server` would emit as an error. */
	listen() {
		try {
			this.#address = native.listen((what) => this.#told(what)) ?? null;
		} catch (error) {
			throw with_code(error);
		}
		// the addon itself does not hold the event loop
		this.#alive = setInterval(() => {}, FOREVER);
		this.listening = true;
		console.log(`Listening on ${this.#where()}`);
		queueMicrotask(() => this.emit('listening'));
	}

	#where() {
		if (settings.activated) return 'file descriptor 3';
		if (settings.path !== undefined || this.#address === null) return settings.path;
		const { address, family, port } = this.#address;
		return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
	}

	/** @returns {import('../native/index.js').Address | string | null} */
	address() {
		return this.#address ?? settings.path ?? null;
	}

	/**
	 * Stops accepting and lets open exchanges finish, for at most the shutdown timeout.
	 * @param {() => void} [callback] called when the last connection has closed
	 */
	close(callback) {
		if (callback) this.once('close', callback);
		native.shutdown();
		return this;
	}

	/** Closes every connection at once. */
	closeAllConnections() {
		native.close();
	}

	/** The server's counters by name; docs/metrics.md says what each means. */
	stats() {
		return native.stats();
	}

	/** The workers at this moment, and what of the pool concerns all of them. */
	status() {
		return native.status();
	}

	/** @param {string} what */
	#told(what) {
		if (what === 'closed') {
			this.listening = false;
			clearInterval(this.#alive);
			this.emit('close');
		} else {
			this.emit(what);
		}
	}
}

/**
 * The addon gives the system's code in front of the message.
 * @param {unknown} error
 */
function with_code(error) {
	if (!(error instanceof Error)) return error;
	const found = /^(E[A-Z]+): (.*)$/s.exec(error.message);
	if (found === null) return error;
	const [, code, message] = found;
	return Object.assign(new Error(`${message} (${code})`), { code, syscall: 'listen' });
}
