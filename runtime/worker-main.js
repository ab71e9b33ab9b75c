/**
 * What the thread of a worker runs. It serves until it is told to end; then it tells the app, as
 * the process does, and exits when the app's own handles are gone. `process.exit` ends this worker
 * and no other.
 */
import { init, init_routes, init_sockets } from './app.js';
import { builtin } from './builtin.js';
import { native, open } from './native.js';
import { be_asked, running } from './running.js';
import { install_hub } from './sockets/hub.js';
import { become } from './this-worker.js';
import { attach } from './worker.js';

/** @type {typeof import('node:worker_threads')} */
const { parentPort, workerData } = builtin('node:worker_threads');

/** @type {import('./pool.js').Start} */
const { id, addon, build, entering } = workerData;
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

open(false, addon);
become(id, native.workerCount, entering);
be_asked();

// emitted where `process.exit` was called or the exception was thrown
process.on('exit', () => {
	const exchange = running();
	if (exchange !== null) native.running(exchange.slot, exchange.generation);
});

install_hub();
await init(build);
await init_sockets();
await init_routes();

// the port keeps the thread alive, which the addon does not
port.on('message', (/** @type {import('./pool.js').Message} */ { end }) => {
	port.close();
	process.emit(/** @type {any} */ ('sveltekit:shutdown'), /** @type {any} */ (end));
});
attach();
