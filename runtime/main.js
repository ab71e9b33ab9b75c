/**
 * What `node build/index.js` runs: opens the build, starts the workers, listens, and drains on
 * SIGTERM and SIGINT. Exports what adapter-node exports.
 *
 * Without a pool, the one worker is in this thread. With one, this thread holds the socket's
 * settings and the workers' threads, and never runs the app.
 */
import { init, init_sockets } from './app.js';
import { dir, held_open, native, open, settings } from './native.js';
import { place_of } from './place.js';
import { Pool } from './pool.js';
import { OxideServer } from './server.js';
import { install_hub } from './sockets/hub.js';
import { attach } from './worker.js';

/** @typedef {'SIGINT' | 'SIGTERM' | 'IDLE'} Reason */

/**
 * What keeps the server from starting is the user's to mend: the message says how, and a stack
 * through our files would only hide it.
 * @param {unknown} error
 * @returns {never}
 */
function cannot_start(error) {
	console.error(`Cannot start: ${error instanceof Error ? error.message : error}`);
	process.exit(1);
}

/**
 * @template T
 * @param {() => T} step
 * @returns {T}
 */
function or_exit(step) {
	try {
		return step();
	} catch (error) {
		return cannot_start(error);
	}
}

or_exit(() => open(false));

const pool = settings.pooled ? await start_pool() : null;
if (pool === null) await start_here();

export const path = settings.path ?? false;
export const host = settings.host;
export const port = settings.port ?? false;

if (pool === null) attach();

export const server = new OxideServer();

async function start_here() {
	install_hub();
	await init();
	await init_sockets();
}

async function start_pool() {
	const pool = new Pool({
		native,
		addon: held_open(),
		place: place_of(dir),
		memory_limit: settings.memoryLimit
	});
	if (process.platform !== 'win32') control(native);
	await pool.start().catch(cannot_start);
	return pool;
}

/**
 * What a process manager says to a pool. Windows has none of these signals; its SIGHUP says that
 * the console closes.
 * @param {import('./native.js').Native} native
 */
function control(native) {
	process.on('SIGHUP', () => native.pool('reload'));
	process.on('SIGUSR2', () => native.pool('reload'));
	process.on('SIGTTIN', () => native.pool('add'));
	process.on('SIGTTOU', () => native.pool('remove'));
}

/** @type {Reason | undefined} */
let reason;

/** @param {Reason} why */
function graceful_shutdown(why) {
	if (reason !== undefined) return end_now(why);
	reason = why;
	pool?.expect_end(why);
	server.close(() => {
		pool?.end(why);
		process.emit(/** @type {any} */ ('sveltekit:shutdown'), /** @type {any} */ (why));
	});
}

/**
 * Someone has asked a second time: whatever is still open has had its chance.
 * @param {Reason} why
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
