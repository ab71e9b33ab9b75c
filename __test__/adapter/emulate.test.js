/** `event.platform` in development, in preview and while prerendering. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { emulator, remember_request } from '../../adapter/emulate.js';
import { oxide } from '../../vite/index.js';

const emulated = emulator();

/** @param {import('@sveltejs/kit').PrerenderOption} prerender */
async function platform(prerender = false) {
	return /** @type {App.Platform} */ (await emulated.platform?.({ config: {}, prerender }));
}

/**
 * What `platform` is in a handler that answers later, for a real request.
 * @param {import('@sveltejs/kit').PrerenderOption} prerender
 */
async function during_request(prerender) {
	/** @type {PromiseWithResolvers<App.Platform>['promise'] | undefined} */
	let seen;
	const server = createServer((req, res) => {
		remember_request(req, res, () => {
			seen = new Promise(setImmediate).then(() => platform(prerender));
			void seen.then(() => res.end());
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
	try {
		const response = await fetch(`http://127.0.0.1:${port}/a?b`, { headers: { 'x-test': 'yes' } });
		await response.arrayBuffer();
	} finally {
		server.closeAllConnections();
		server.close();
	}
	return /** @type {Promise<App.Platform>} */ (seen);
}

test('a request is seen by the code that answers it', async () => {
	const { req } = await during_request(false);
	assert.equal(req.method, 'GET');
	assert.equal(req.url, '/a?b');
	assert.equal(req.headers['x-test'], 'yes');
	assert.equal(req.httpVersion, '1.1');
	assert.equal(req.socket.remoteAddress, '127.0.0.1');
	assert.equal(req.connection, req.socket);
	assert.ok(req.rawHeaders.includes('yes'));
});

test('a page that will be prerendered gets the neutral request in development too', async () => {
	assert.deepEqual(await during_request(true), await platform(true));
});

test('without a request, the neutral one has the same shape', async () => {
	const real = await during_request(false);
	const neutral = await platform();
	assert.deepEqual(Object.keys(neutral.req), Object.keys(real.req));
	assert.deepEqual(Object.keys(neutral.req.socket), Object.keys(real.req.socket));
	assert.equal(neutral.req.url, '/');
	assert.deepEqual(neutral.req.headers, {});
});

test("Vite's base is put back", async () => {
	const incoming = /** @type {any} */ ({ url: '/a', originalUrl: '/base/a', socket: {} });
	const { promise, resolve } = Promise.withResolvers();
	remember_request(incoming, null, () => resolve(platform()));
	assert.equal(/** @type {App.Platform} */ (await promise).req.url, '/base/a');
});

test('the plugin is in front of both servers', () => {
	const [plugin] = /** @type {any[]} */ (oxide());
	for (const hook of ['configureServer', 'configurePreviewServer']) {
		/** @type {unknown[]} */
		const used = [];
		plugin[hook]({ middlewares: { use: (/** @type {unknown} */ fn) => used.push(fn) } });
		assert.deepEqual(used, [remember_request]);
	}
});
