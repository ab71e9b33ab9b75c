/**
 * Runs Vite's server for the app in this folder, in development or preview as `MODE` says, and does to
 * it what its parent asks over IPC. Started in the app's folder.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.resolve('package.json'));
const { createServer, preview } = await import(pathToFileURL(require.resolve('vite')).href);

const settings = { host: '127.0.0.1', port: 0, strictPort: false };

/** In middleware mode Vite knows nothing of the server that it is used in. */
async function middleware() {
	const vite = await createServer({ server: { middlewareMode: true } });
	const httpServer = http.createServer(vite.middlewares).listen(0, '127.0.0.1');
	await once(httpServer, 'listening');
	return Object.assign(vite, { httpServer });
}

/** … unless it is told. */
async function parent() {
	const httpServer = http.createServer();
	const vite = await createServer({ server: { middlewareMode: { server: httpServer } } });
	httpServer.on('request', vite.middlewares).listen(0, '127.0.0.1');
	await once(httpServer, 'listening');
	return Object.assign(vite, { httpServer });
}

/** @type {Record<string, () => Promise<any>>} */
const modes = {
	dev: async () => (await createServer({ server: settings })).listen(),
	preview: () => preview({ preview: settings }),
	middleware,
	parent
};

const server = await modes[`${process.env.MODE}`]();

/** Upgrades that somebody else has answered. */
server.httpServer.on('upgrade', (/** @type {any} */ req, /** @type {any} */ socket) => {
	if (req.url === '/foreign') socket.end('HTTP/1.1 418 Foreign\r\ncontent-length: 0\r\n\r\n');
});

/** @type {Record<string, () => unknown>} */
const orders = {
	async close() {
		await server.close();
		server.httpServer.close();
	},
	async restart() {
		await server.restart();
		console.log(`Listening again on http://127.0.0.1:${server.httpServer.address().port}`);
	},
	/** Threads that this process has, as Linux tells them. */
	count() {
		const names = fs
			.readdirSync('/proc/self/task')
			.map((task) => fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim());
		const threads = names.filter((name) => name.startsWith('oxide-')).length;
		console.log(`has ${threads} native threads`);
	},
	/** Ports of TCP over IPv4 that this process listens on, as Linux tells them. */
	ports() {
		const open = fs.readdirSync('/proc/self/fd').map((fd) => {
			try {
				return fs.readlinkSync(`/proc/self/fd/${fd}`);
			} catch {
				return ''; // that of the folder itself
			}
		});
		const LISTEN = '0A';
		const ports = fs
			.readFileSync('/proc/self/net/tcp', 'utf8')
			.split('\n')
			.map((line) => line.trim().split(/\s+/))
			.filter((entry) => entry[3] === LISTEN && open.includes(`socket:[${entry[9]}]`))
			.map(([, local]) => Number.parseInt(local.split(':')[1], 16));
		console.log(`listens on ${ports.join(' ')}`);
	}
};

process.on('message', (/** @type {string} */ order) => void orders[order]());
// nor does being told what to do
process.channel?.unref();

console.log(`Listening on http://127.0.0.1:${server.httpServer.address().port}`);
