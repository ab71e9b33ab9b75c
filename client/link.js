/**
 * The page's one socket: when it opens, when it is given up, when it comes again. It knows
 * the page it is in (hidden, asleep, back on the network) and nothing of what is said.
 */
import { store } from './store.js';

/** @typedef {'idle' | 'connecting' | 'open' | 'waiting' | 'stopped'} Status */
/** @typedef {typeof globalThis} Page what is global in a page */

/** The first wait is drawn from up to this, each further one from up to twice as much… */
const FIRST_WAIT = 1000;
/** …and none is longer. */
const LONGEST_WAIT = 30_000;
/** A connection that lived for so long has been a good one: the next wait is a first one. */
const STABLE = 5000;
/** A server that restarts or is full must not meet all of its clients again at once. */
const CROWD = 3;
/** Browsers wait for minutes when nobody answers. */
const CONNECT_LIMIT = 15_000;
/** Silence after which a page that is looked at makes sure that somebody is there. */
const SILENCE = 30_000;
const PONG_LIMIT = 5000;

/** `WebSocket.OPEN` */
const OPEN = 1;

/** RFC 6455 7.4.1 and the IANA registry of close codes. */
const NORMAL = 1000;
const RESTART = 1012;
const LATER = 1013;

/**
 * @typedef {object} Settings
 * @property {string | URL | (() => string | URL)} [url]
 * @property {string} path
 * @property {number} linger
 * @property {number} maxQueued
 * @property {number} maxQueuedBytes
 * @property {(code: number, reason: string) => boolean} retry
 */

/**
 * @param {Page} page
 * @param {Settings} settings
 * @param {{
 *   wanted: () => boolean,
 *   opened: () => void,
 *   received: (data: string | ArrayBuffer) => void,
 *   lost: () => void,
 *   stopped: () => void
 * }} to
 */
export function create_link(page, settings, to) {
	/** @type {WebSocket | undefined} */
	let socket;
	/** @type {{ code: number, reason: string } | undefined} */
	let closed;
	/** @typedef {ReturnType<typeof setTimeout> | undefined} Timer */
	/** @type {Timer} */
	let next_try;
	/** @type {Timer} */
	let leaving;
	/** @type {Timer} for whoever opens or pings */
	let deadline;
	/** @type {Timer} */
	let beat;
	let tries = 0;
	let opened_at = 0;
	let heard_at = 0;
	let open = false;
	let listening = false;
	let stopped = false;
	let asleep = false;
	const status = store(/** @type {Status} */ ('idle'));

	const hidden = () => page.document.visibilityState === 'hidden';

	function answered() {
		page.clearTimeout(deadline);
		deadline = undefined;
	}

	function try_no_more() {
		page.clearTimeout(next_try);
		next_try = undefined;
	}

	function stay() {
		page.clearTimeout(leaving);
		leaving = undefined;
	}

	function address() {
		const { url, path } = settings;
		const target = (typeof url === 'function' ? url() : url) ?? path;
		return new URL(target, page.location.href).href.replace(/^http/, 'ws');
	}

	function connect() {
		try_no_more();
		if (!listening) listen();
		try {
			socket = new page.WebSocket(address());
		} catch (error) {
			// the page's own function for the address, most often: it is asked again
			reportError(error);
			return come_again(0);
		}
		const mine = socket;
		mine.binaryType = 'arraybuffer';
		mine.onopen = () => {
			answered();
			open = true;
			opened_at = heard_at = page.Date.now();
			beat = page.setInterval(() => {
				if (!hidden() && page.Date.now() - heard_at >= SILENCE) ping();
			}, SILENCE);
			status.set('open');
			to.opened();
		};
		mine.onmessage = ({ data }) => {
			heard_at = page.Date.now();
			answered();
			to.received(data);
		};
		mine.onclose = ({ code, reason }) => {
			closed = { code, reason };
			forget();
			// somebody who was told of it has begun anew
			if (socket) return;
			if (!settings.retry(code, reason)) {
				stopped = true;
				status.set('stopped');
				to.stopped();
			} else if (to.wanted()) {
				come_again(code === RESTART || code === LATER ? CROWD : 0);
			} else {
				status.set('idle');
			}
		};
		deadline = page.setTimeout(give_up, CONNECT_LIMIT);
		status.set('connecting');
	}

	/** The socket is no more, as far as anybody here is concerned. */
	function forget() {
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket = undefined;
		answered();
		stay();
		page.clearInterval(beat);
		// a server that takes us and throws us out is not to be asked all the time
		if (open && page.Date.now() - opened_at >= STABLE) tries = 0;
		open = false;
		to.lost();
	}

	/** Closes without waiting for the other side, which may have been gone for long. */
	function hang_up() {
		const mine = socket;
		forget();
		mine?.close(NORMAL);
	}

	/** Nobody has answered in time. One that was open is tried again at once. */
	function give_up() {
		const was_open = open;
		hang_up();
		if (socket) return;
		if (was_open && to.wanted()) connect();
		else come_again(0);
	}

	/** @param {number} crowd */
	function come_again(crowd) {
		// full jitter; a page that nobody sees has time
		const limit = FIRST_WAIT * 2 ** Math.max(tries++, crowd);
		const wait = hidden() ? LONGEST_WAIT : Math.min(LONGEST_WAIT, limit);
		status.set('waiting');
		next_try = page.setTimeout(() => {
			next_try = undefined;
			attend();
		}, page.Math.random() * wait);
	}

	function ping() {
		if (deadline || !socket) return;
		deadline = page.setTimeout(give_up, PONG_LIMIT);
		socket.send('{"type":"__ping"}');
	}

	/** The page is looked at again, or the network is back. */
	function wake() {
		if (open) ping();
		else if (next_try && to.wanted()) connect();
	}

	/** Once, and for as long as the page lives: there is one link in a page. */
	function listen() {
		listening = true;
		page.addEventListener('online', wake);
		page.document.addEventListener('visibilitychange', () => hidden() || wake());
		// A page with an open socket cannot be kept for the way back.
		page.addEventListener('pagehide', () => {
			asleep = true;
			try_no_more();
			hang_up();
			if (!stopped && to.wanted()) status.set('waiting');
		});
		page.addEventListener('pageshow', () => {
			asleep = false;
			attend();
		});
	}

	/** What is wanted has changed: connects, or leaves after a while. */
	function attend() {
		if (stopped || asleep) return;
		if (to.wanted()) {
			stay();
			if (!socket && !next_try) connect();
		} else if (!socket) {
			try_no_more();
			status.set('idle');
		} else {
			leaving ??= page.setTimeout(() => {
				hang_up();
				attend();
			}, settings.linger);
		}
	}

	/** Closes what there is and begins anew, also after a stop. */
	function reconnect() {
		try_no_more();
		stopped = false;
		tries = 0;
		hang_up();
		attend();
	}

	return {
		status,
		attend,
		reconnect,
		hidden,
		// what is given to one that closes is lost
		ready: () => open && socket?.readyState === OPEN,
		closed: () => closed,
		stopped: () => stopped,
		buffered: () => socket?.bufferedAmount ?? 0,
		/** @param {import('./outbox.js').Payload} data */
		send: (data) => socket?.send(data),
		/** A way to answer on this very connection: names mean nothing on another. */
		replier() {
			const mine = socket;
			return (/** @type {string} */ text) => {
				if (mine === socket) mine?.send(text);
			};
		}
	};
}

/** @typedef {ReturnType<typeof create_link>} Link */
