/**
 * Whose a handshake at Vite's server is. What is Vite's own or goes to one of its proxies is never
 * ours, and what no hook wants is left to whoever else listens.
 */
import { isIP } from 'node:net';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */

/**
 * What is read of `server` or `preview` in Vite's configuration.
 * @typedef {object} Rules
 * @property {Record<string, unknown>} [proxy]
 * @property {true | string[]} [allowedHosts] since Vite 6.0.9
 * @property {string | boolean} [host]
 * @property {unknown} [https]
 */

/** Subprotocols of Vite's own client. */
const VITES = new Set(['vite-hmr', 'vite-ping']);

/** @param {IncomingMessage} req */
export const is_handshake = ({ headers, httpVersion }) =>
	httpVersion === '1.1' && headers.upgrade?.toLowerCase() === 'websocket';

/** @param {IncomingMessage} req */
export const is_vites = (req) => VITES.has(`${req.headers['sec-websocket-protocol']}`);

/**
 * Whether one of Vite's proxies takes it, by the rules that `server.proxy` has.
 * @param {IncomingMessage} req
 * @param {Rules} rules
 */
export function is_proxied({ url = '/' }, { proxy = {} }) {
	return Object.entries(proxy).some(([context, given]) => {
		const to = /** @type {{ ws?: boolean, target?: unknown }} */ (
			typeof given === 'string' ? { target: given } : given
		);
		if (!to.ws && !/^wss?:/.test(target_of(to))) return false;
		return context.startsWith('^') ? new RegExp(context).test(url) : url.startsWith(context);
	});
}

/** @param {{ target?: unknown }} proxy */
function target_of({ target }) {
	const { protocol } = /** @type {{ protocol?: string }} */ (target ?? {});
	return typeof target === 'string' ? target : (protocol ?? '');
}

/**
 * Whether it came under a name that Vite answers to. Requests are looked at by Vite itself; without the
 * same for handshakes, any site could point its name at this machine and speak to the app as one of its own pages.
 * @param {IncomingMessage} req
 * @param {Rules} rules
 */
export function is_allowed_host({ headers }, { allowedHosts, host: own, https }) {
	// a name that points elsewhere has no certificate; before 6.0.9, Vite looks at none
	if (allowedHosts === undefined || allowedHosts === true || https) return true;
	const name = host_name(headers.host ?? '');
	if (name === null) return false;
	if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return true;
	const allowed = typeof own === 'string' ? [...allowedHosts, own] : allowedHosts;
	return allowed.some((it) =>
		it.startsWith('.') ? name === it.slice(1) || name.endsWith(it) : name === it
	);
}

/**
 * @param {string} host with or without a port
 * @returns {string | null} without brackets and port
 */
function host_name(host) {
	const found = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d*)?$/i.exec(host.trim());
	return found === null ? null : (found[1] ?? found[2]).toLowerCase();
}
