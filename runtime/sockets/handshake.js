/**
 * A WebSocket handshake, or a request for a stream of events: an ordinary exchange up to its answer.
 * The path decides whether it is one of ours, `upgrade` whether the peer may come; what the hub has
 * to know of the peer goes along with the answer, 101, as its body.
 *
 * Of a handshake Rust has checked the origin and the rate before, and writes what RFC 6455 4.2.2 has
 * in the answer. Of a request for a stream, which may as well be the app's own, it has noted what is
 * wrong: it is the one to say so, as it is the one to ask hooks for the topics.
 */
import { client_address } from '../address.js';
import { native } from '../native.js';
import { create_platform } from '../platform.js';
import { through_handle } from './app-handle.js';
import { kept_headers, write_card, write_context, write_head } from './card.js';
import { Cookies } from './cookies.js';
import { response_of } from './errors.js';
import { find_hooks } from './hooks.js';

/** @import { RequestRecord } from '../wire.js' */
/** @import { Hooks } from './hooks.js' */

/** The answer's head is written by the server. */
const NOT_FOR_HOOKS = [
	'connection',
	'upgrade',
	'sec-websocket-accept',
	'sec-websocket-extensions',
	'sec-websocket-version',
	'content-length',
	'transfer-encoding'
];

/** The format of a stream is not for hooks to choose either. */
const NOT_FOR_STREAMS = ['content-type', 'content-encoding'];

const NO_USER = 0xffffffff;

/** Behind the path of hooks, the stream of events of what their sockets would hear. */
const STREAM = '/sse';

/** @typedef {'websocket' | 'sse'} Transport */

/** The peer may come. */
export class Accepted {
	/**
	 * @param {string} headers `name\nvalue\n` lines
	 * @param {Uint8Array} admission
	 */
	constructor(headers, admission) {
		this.headers = headers;
		this.admission = admission;
	}
}

/**
 * @param {RequestRecord} record
 * @param {Request} request
 * @param {() => Promise<Response>} render answers what is no path of ours
 * @returns {Promise<Response | Accepted>}
 */
export async function shake_hands(record, request, render) {
	const url = new URL(request.url);
	const found = find_hooks(url.pathname);
	if (found === null) return render();
	if (record.bad_handshake) return refuse(request);
	return greet(record, request, url, found, 'websocket', render);
}

/**
 * @param {RequestRecord} record
 * @param {Request} request
 * @param {() => Promise<Response>} render answers what is no path of ours
 * @returns {Promise<Response | Accepted>}
 */
export async function begin_stream(record, request, render) {
	const url = new URL(request.url);
	// a path may end with that by an escape, for which there are no hooks
	const is_ours = url.pathname.endsWith(STREAM);
	const found = is_ours ? find_hooks(url.pathname.slice(0, -STREAM.length) || '/') : null;
	if (found === null) return render();
	// the answer is Rust's, which knows why
	if (record.bad_handshake) return new Accepted('', new Uint8Array());

	const client = address_or_none(() => client_of(record, request)) || record.address;
	const wait = native.streamBegins(client);
	if (wait > 0) {
		const headers = { 'retry-after': `${wait}` };
		return new Response('Too Many Requests', { status: 429, headers });
	}
	return greet(record, request, url, found, 'sse', render);
}

/**
 * @param {RequestRecord} record
 * @param {Request} request
 */
const client_of = (record, request) =>
	client_address((name) => request.headers.get(name), record.address || undefined);

/**
 * Asks `upgrade` whether the peer may come.
 * @param {RequestRecord} record
 * @param {Request} request
 * @param {URL} url
 * @param {NonNullable<ReturnType<typeof find_hooks>>} found
 * @param {Transport} transport
 * @param {() => Promise<Response>} render answers what is no path of ours
 * @returns {Promise<Response | Accepted>}
 */
async function greet(record, request, url, { path, params }, transport, render) {
	const cookies = new Cookies(request.headers.get('cookie'), url);
	const getClientAddress = () => client_of(record, request);
	/** @type {Record<string, unknown>} */
	const context = {};
	Object.defineProperty(request, 'context', { value: context, enumerable: true });
	const event = {
		request,
		url,
		params,
		route: { id: path.pattern },
		cookies,
		getClientAddress,
		transport,
		platform: /** @type {any} */ (create_platform(record))
	};

	/** @type {Awaited<ReturnType<NonNullable<Hooks['upgrade']>>>} */
	let returned;
	try {
		returned = await through_handle({ render, cookies }, (locals) => {
			give_locals(event, locals);
			return path.hooks.upgrade?.(
				/** @type {any} */ (request),
				/** @type {import('../../hub.js').UpgradeEvent} */ (/** @type {unknown} */ (event))
			);
		});
	} catch (thrown) {
		const response = response_of(thrown);
		if (response === null) throw thrown;
		return with_cookies(response, cookies);
	}
	if (returned instanceof Response) return with_cookies(returned, cookies);

	Object.assign(context, returned?.context);
	const user = user_of(returned?.user);
	const head = write_head({
		pattern: path.pattern,
		params,
		origin: record.origin,
		target: record.target,
		canonical: record.canonical,
		address: address_or_none(getClientAddress),
		headers: kept_headers(record.headers),
		user,
		transport
	});
	const card = write_card(head, write_context(context));
	const reserved = transport === 'sse' ? [...NOT_FOR_HOOKS, ...NOT_FOR_STREAMS] : NOT_FOR_HOOKS;
	const headers = header_lines(returned?.headers, cookies, reserved);
	return new Accepted(headers, admission(user, card));
}

/**
 * @param {object} event
 * @param {App.Locals | null} locals `null`: the app's `handle` does not run for handshakes
 */
function give_locals(event, locals) {
	Object.defineProperty(event, 'locals', {
		enumerable: locals !== null,
		get() {
			if (locals !== null) return locals;
			throw new Error(
				'`event.locals` of `upgrade` takes a `handle` that runs for handshakes: in src/hooks.server.js, ' +
					"`export const handle = handleUpgrade(…)`, from 'svelte-adapter-oxide/hub'"
			);
		}
	});
}

/**
 * What no handshake can be made of (RFC 6455 4.2.1, 4.4).
 * @param {Request} request
 */
function refuse(request) {
	if (request.headers.get('sec-websocket-version') === '13') {
		return new Response('Bad Request', { status: 400 });
	}
	const headers = { 'sec-websocket-version': '13', upgrade: 'websocket' };
	return new Response('Upgrade Required', { status: 426, headers });
}

/**
 * @param {Response} response
 * @param {Cookies} cookies
 */
function with_cookies(response, { lines }) {
	if (lines.length === 0) return response;
	// its own headers may be closed to changes
	const headers = new Headers(response.headers);
	for (const line of lines) headers.append('set-cookie', line);
	const { status, statusText } = response;
	return new Response(response.body, { status, statusText, headers });
}

/**
 * The address header may be missing, which only throws where someone asks.
 * @param {() => string} address
 */
function address_or_none(address) {
	try {
		return address() ?? '';
	} catch {
		return '';
	}
}

/**
 * @param {{ id: string, info?: unknown } | null | undefined} user
 * @returns {{ id: string, info: unknown } | null}
 */
function user_of(user) {
	if (user == null) return null;
	const { id, info = null } = user;
	if (typeof id !== 'string' || id === '') {
		throw new TypeError('`user.id` that `upgrade` returns has to be a string that is not empty');
	}
	return { id, info };
}

/**
 * @param {HeadersInit | undefined} init
 * @param {Cookies} cookies
 * @param {string[]} reserved
 */
function header_lines(init, cookies, reserved) {
	let lines = '';
	for (const [name, value] of new Headers(init)) {
		if (reserved.includes(name)) {
			throw new Error(`\`upgrade\` cannot set the header ${name}, which the server writes`);
		}
		lines += `${name}\n${value}\n`;
	}
	for (const line of cookies.lines) lines += `set-cookie\n${line}\n`;
	return lines;
}

/**
 * u32 length of the user's id (`NO_USER` without one), u32 length of the info, u32 length of the
 * card, all little-endian; then the id (UTF-8), the info (JSON) and the card.
 * @param {{ id: string, info: unknown } | null} user
 * @param {Uint8Array} card
 */
function admission(user, card) {
	const id = Buffer.from(user?.id ?? '');
	const info = Buffer.from(user === null ? '' : (JSON.stringify(user.info) ?? 'null'));
	const head = Buffer.allocUnsafe(12);
	head.writeUInt32LE(user === null ? NO_USER : id.length, 0);
	head.writeUInt32LE(info.length, 4);
	head.writeUInt32LE(card.length, 8);
	return Buffer.concat([head, id, info, card]);
}
