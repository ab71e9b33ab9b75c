/**
 * A host server with `build/handler.js` in it, as its documentation has middleware added,
 * and with a route of its own. `HOST_SERVER` names it, `PACKAGES` is where it is installed,
 * `BUILD` the build. SIGTERM closes it; nothing may keep the process alive after that.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const { HOST_SERVER = '', PACKAGES = '', BUILD = '' } = process.env;
const require = createRequire(path.join(PACKAGES, 'package.json'));
const { handler } = await import(pathToFileURL(path.join(BUILD, 'handler.js')).href);

/**
 * Each resolves to the listening `http.Server`
 * @type {Record<string, () => Promise<import('node:http').Server>>}
 */
const hosts = {
	async express() {
		const app = require('express')();
		app.get('/host', (_req, res) => res.send('the host itself'));
		app.use(handler);
		return listening(app.listen(0, '127.0.0.1'));
	},

	async polka() {
		const app = require('polka')();
		app.get('/host', (_req, res) => res.end('the host itself'));
		app.use((req, res, next) => (req.path === '/host' ? next() : handler(req, res, next)));
		return listening(app.listen(0, '127.0.0.1').server);
	},

	async fastify() {
		const app = require('fastify')();
		await app.register(require('@fastify/middie'));
		app.get('/host', async () => 'the host itself');
		// middleware comes before routes here, and the handler answers every path
		app.use((req, res, next) => (req.url === '/host' ? next() : handler(req, res, next)));
		await app.listen({ port: 0, host: '127.0.0.1' });
		return app.server;
	}
};

/** @param {import('node:http').Server} server @returns {Promise<import('node:http').Server>} */
function listening(server) {
	return new Promise((fulfil, reject) => {
		server.once('error', reject);
		if (server.listening) fulfil(server);
		else server.once('listening', () => fulfil(server));
	});
}

const server = await hosts[HOST_SERVER]();
process.once('SIGTERM', () => {
	server.close();
	server.closeAllConnections();
});

const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
console.log(`Listening on http://127.0.0.1:${port}`);
