/**
 * What `node build/index.js` runs: opens the build, initialises SvelteKit, listens, and
 * drains on SIGTERM and SIGINT. Exports what adapter-node exports.
 */
import process from 'node:process';
import { init } from './app.js';
import { open, settings } from './native.js';
import { OxideServer } from './server.js';
import { attach } from './worker.js';

open(false);
await init();

export const path = settings.path ?? false;
export const host = settings.host;
export const port = settings.port ?? false;

attach();

export const server = new OxideServer();
server.listen();

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
	server.once('close', () => process.exit(why === 'SIGINT' ? 130 : 143));
	server.closeAllConnections();
}

server.on('idle', () => graceful_shutdown('IDLE'));
process.on('SIGTERM', graceful_shutdown);
process.on('SIGINT', graceful_shutdown);
