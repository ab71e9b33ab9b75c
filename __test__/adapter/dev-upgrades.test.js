/** Whose a handshake at Vite's server is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { is_allowed_host, is_handshake, is_proxied, is_vites } from '../../adapter/dev/upgrades.js';

/**
 * @param {Record<string, string>} headers
 * @param {string} [url]
 * @param {string} [httpVersion]
 */
const request = (headers, url = '/ws', httpVersion = '1.1') =>
	/** @type {import('node:http').IncomingMessage} */ (
		/** @type {unknown} */ ({ headers, url, httpVersion })
	);

test('a handshake asks for WebSockets, over HTTP/1.1', () => {
	assert.ok(is_handshake(request({ upgrade: 'websocket' })));
	assert.ok(is_handshake(request({ upgrade: 'WebSocket' })));
	assert.ok(!is_handshake(request({ upgrade: 'h2c' })));
	assert.ok(!is_handshake(request({})));
	assert.ok(!is_handshake(request({ upgrade: 'websocket' }, '/ws', '1.0')));
});

test('Vite’s client names its subprotocol', () => {
	for (const [protocol, is] of /** @type {const} */ ([
		['vite-hmr', true],
		['vite-ping', true],
		['chat', false],
		['vite-hmr, chat', false]
	])) {
		assert.equal(is_vites(request({ 'sec-websocket-protocol': protocol })), is, protocol);
	}
	assert.ok(!is_vites(request({})));
});

test('a proxy that takes sockets comes first, one that does not stays out of it', () => {
	const rules = {
		proxy: {
			'/api': 'http://127.0.0.1:1',
			'/live': { target: 'http://127.0.0.1:1', ws: true },
			'/direct': 'ws://127.0.0.1:1',
			'/url': { target: new URL('wss://127.0.0.1:1') },
			'^/v\\d+/': { target: 'http://127.0.0.1:1', ws: true }
		}
	};
	for (const [url, is] of /** @type {const} */ ([
		['/ws', false],
		['/api/x', false],
		['/live', true],
		['/live/x?y', true],
		['/direct', true],
		['/url', true],
		['/v1/x', true],
		['/vx/x', false]
	])) {
		assert.equal(is_proxied(request({}, url), rules), is, url);
	}
	assert.ok(!is_proxied(request({}), {}));
});

test('hosts are those that Vite answers to', () => {
	const rules = { allowedHosts: ['my.test', '.all.test'], host: 'this-machine' };
	for (const [host, is] of /** @type {const} */ ([
		['localhost:5173', true],
		['LOCALHOST', true],
		['app.localhost:5173', true],
		['127.0.0.1:5173', true],
		['192.0.2.1', true],
		['[::1]:5173', true],
		['my.test', true],
		['your.my.test', false],
		['all.test', true],
		['any.all.test:1', true],
		['notall.test', false],
		['this-machine:5173', true],
		['evil.test:5173', false],
		['localhost.evil.test', false],
		['localhost@evil.test', false],
		['', false],
		['[::1', false]
	])) {
		assert.equal(is_allowed_host(request({ host }), rules), is, host);
	}
	assert.ok(!is_allowed_host(request({}), rules));
	const evil = request({ host: 'evil.test' });
	assert.ok(is_allowed_host(evil, { allowedHosts: true }));
	assert.ok(is_allowed_host(evil, { allowedHosts: [], https: {} }));
	assert.ok(is_allowed_host(evil, {}), 'a Vite that looks at no hosts');
});
