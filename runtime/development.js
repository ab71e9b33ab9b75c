/**
 * The run time beside Vite's server, in `vite dev` and `vite preview`: the same native server, hub and
 * hooks as in production, with this thread as its one worker. Requests and files are Vite's; what
 * comes here are handshakes, through the tunnel of `adapter/dev/`, which opens and closes this.
 */
import { leave_the_app_to } from './app.js';
import { arrive_through } from './arrival.js';
import { adopt, native } from './native.js';
import { is_handshake } from './sockets/app-handle.js';
import { use_base } from './sockets/hooks.js';
import { forget_epoch } from './sockets/ids.js';
import { lose_all } from './sockets/members.js';
import { give_up } from './sockets/requests.js';
import { drop } from './sockets/tokens.js';
import { abandon, attach } from './worker.js';

export { has_path, use_hooks, use_none } from './sockets/hooks.js';
export { hub } from './sockets/hub.js';
export { renew_all } from './sockets/members.js';

/** @typedef {import('./arrival.js').Lines} Lines */

/**
 * Has Vite's server answer a request, whose client has that address.
 * @typedef {(request: Request, address: string | undefined) => Promise<Response>} Render
 */

/** How often a server that does not end is looked at; it only keeps the process alive meanwhile. */
const LOOK = 1000;

/**
 * Decides the configuration.
 * @param {import('./native.js').Native} addon
 * @param {string} dir where `oxide.json` is
 * @param {Record<string, string>} env
 * @returns {boolean} whether sockets are on; if not, nothing has been started
 */
export function open(addon, dir, env) {
	const settings = addon.open(dir, env, false);
	if (settings.websocket === undefined) {
		addon.release();
		return false;
	}
	// the record has it by then
	adopt(addon, { ...settings, addressHeader: undefined });
	return true;
}

/**
 * Listens.
 * @param {object} app
 * @param {string} app.base `paths.base`
 * @param {Lines} app.lines that the tunnel adds to a handshake
 * @param {Render} app.render
 * @returns {{ port: number, closed: Promise<void> }} on the loopback, and when it has ended
 */
export function serve({ base, lines, render }) {
	leave_the_app_to(async (request, { getClientAddress }) => {
		const address = getClientAddress();
		if (is_handshake()) return render(request, address);
		// Vite's server knows by the header that nobody has it; who has found the port is told no names
		/** @type {Record<string, string>} */
		const headers = address ? { [lines.address]: 'unknown' } : {};
		return new Response('Not Found', { status: 404, headers });
	});
	use_base(base);
	arrive_through(lines);
	attach();
	/** @type {() => void} */
	let tell;
	/** @type {Promise<void>} */
	const closed = new Promise((resolve) => (tell = resolve));
	const address = native.listen((what) => {
		if (what === 'closed') tell();
	});
	return { port: /** @type {{ port: number }} */ (address).port, closed };
}

/**
 * Ends all sockets, lets their hooks end within the shutdown timeout, and the server.
 * @param {Promise<void>} closed
 */
export async function end(closed) {
	const alive = setInterval(() => {}, LOOK);
	native.shutdown();
	await closed;
	clearInterval(alive);
	// a turn for what was said last
	await new Promise(setImmediate);
	abandon();
	lose_all();
	give_up();
	drop();
	forget_epoch();
	native.release();
}
