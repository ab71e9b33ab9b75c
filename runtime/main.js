/**
 * What `node build/index.js` runs: opens the build, initialises SvelteKit, listens, and
 * drains on SIGTERM and SIGINT. Exports what adapter-node exports.
 */
import { init } from './app.js';
import { open, settings } from './native.js';
import { OxideServer } from './server.js';
import { attach } from './worker.js';

/**
 * What keeps the server from starting is the user's to mend: the message says how, and a stack
 * through our files would only hide it.
 * @template T
 * @param {() => T} step
 * @returns {T}
 */
function or_exit(step) {
	try {
		return step();
	} catch (error) {
		console.error(`Cannot start: ${error instanceof Error ? error.message : error}`);
		process.exit(1);
	}
}

or_exit(() => open(false));
await init();

export const path = settings.path ?? false;
export const host = settings.host;
export const port = settings.port ?? false;

attach(1);

export const server = new OxideServer();

/** @type {'SIGINT' | 'SIGTERM' | 'IDLE' | undefined} */
let reason;

/** @param {'SIGINT' | 'SIGTERM' | 'IDLE'} why */
function graceful_shutdown(why) {
	if (reason !== undefined) return end_now(why);
	reason = why;
	server.close(() =>
		process.emit(/** @type {any} */ ('sveltekit:shutdown'), /** @type {any} */ (why))
	);
}

/**
 * Someone has asked a second time: whatever is still open has had its chance.
 * @param {'SIGINT' | 'SIGTERM' | 'IDLE'} why
 */
function end_now(why) {
	if (why === 'IDLE') return;
	const exit = () => process.exit(why === 'SIGINT' ? 130 : 143);
	// what still runs after the drain is the user's own
	if (!server.listening) exit();
	server.once('close', exit);
	server.closeAllConnections();
}

server.on('idle', () => graceful_shutdown('IDLE'));
process.on('SIGTERM', graceful_shutdown);
process.on('SIGINT', graceful_shutdown);

// last: whoever reads that it listens may send a signal at once
or_exit(() => server.listen());
