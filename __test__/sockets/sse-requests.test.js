/**
 * Which requests are for a stream of server-sent events, and which pages may read one: decided in front
 * of any hook, as the server that listens does it.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';
import { Stream, refused } from './events.js';
import { build_site, start_alone, start_site } from './site.js';

/** @typedef {import('./site.js').Site} Site */

describe('by default', { concurrency: false }, () => {
	/** @type {Site} */
	let site;
	before(async () => {
		site = await start_site({ env: { WEBSOCKET_PUBLIC_TOPICS: 'news' } });
	});
	after(() => site?.stop());

	test('who does not accept a stream gets none', async () => {
		const { status } = await refused(site, '/ws/sse?topic=news', { accept: 'text/html' });
		assert.equal(status, 406);
		const any = await Stream.open(site, '/ws/sse?topic=news', { accept: '*/*' });
		assert.equal(any.status, 200);
		any.close();
	});

	test('anything else at such a path is a request like any other', async () => {
		for (const target of ['/sse?topic=news', '/elsewhere/sse?topic=news', '/ws/sse/?topic=news']) {
			assert.equal((await refused(site, target)).status, 404, target);
		}
		const head = `${get('/ws/sse?topic=news')}`.replace('GET', 'HEAD');
		assert.equal((await exchange(site, head, { method: 'HEAD' })).status, 404);
		const post = await fetch(`http://127.0.0.1:${site.port}/ws/sse?topic=news`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: '{}'
		});
		assert.equal(post.status, 404);
	});

	test('only pages that may are let in, and can read it', async () => {
		const target = '/ws/sse?topic=news';
		/** @type {Array<Record<string, string>>} */
		const strangers = [
			{ origin: 'https://evil.test' },
			{ origin: 'null' },
			{ 'sec-fetch-site': 'cross-site' },
			{ 'sec-fetch-site': 'same-site' }
		];
		for (const headers of strangers) {
			assert.equal((await refused(site, target, headers)).status, 403, JSON.stringify(headers));
		}
		/** @type {Array<Record<string, string>>} */
		const own = [
			{ origin: 'https://example.test' },
			{ 'sec-fetch-site': 'same-origin' },
			{ 'sec-fetch-site': 'none' }
		];
		for (const headers of own) {
			const stream = await Stream.open(site, target, headers);
			assert.equal(stream.status, 200, JSON.stringify(headers));
			assert.equal(stream.headers['access-control-allow-origin'], undefined);
			stream.close();
		}
		// an app's own routes are its own
		const elsewhere = await refused(site, '/elsewhere/sse', { origin: 'https://evil.test' });
		assert.equal(elsewhere.status, 404);
	});

	test('comes after what was asked before on its connection, and over HTTP/1.0', async () => {
		const old = await Stream.open(site, '/echo/sse?topic=news', {}, 'HTTP/1.0');
		await old.event('__subscribed');
		await site.hub('publish', 'news', 'to all versions');
		assert.equal((await old.next()).data, 'to all versions');
		old.close();

		const piped = await Connection.open(site);
		piped.send(`${get('/shared')}${get('/echo/sse?topic=news')}${get('/shared')}`);
		assert.equal((await piped.response())?.status, 200);
		await piped.sees('"type":"__subscribed"');
		await site.hub('publish', 'news', 'behind it');
		await piped.sees('data: behind it\n\n');
		assert.equal(piped.received.toString().split('HTTP/1.1').length, 2, 'one head');
		piped.close();
	});
});

describe('with a configuration of its own', { concurrency: 2 }, () => {
	test('other origins that are named come with cookies, others without', async (t) => {
		const target = '/ws/sse?topic=news';
		const env = {
			WEBSOCKET_PUBLIC_TOPICS: 'news',
			WEBSOCKET_ALLOWED_ORIGINS: 'https://friend.test,*'
		};
		const site = await start_site({ env });
		t.after(() => site.stop());
		const friend = await Stream.open(site, target, { origin: 'https://friend.test' });
		assert.equal(friend.headers['access-control-allow-origin'], 'https://friend.test');
		assert.equal(friend.headers['access-control-allow-credentials'], 'true');
		assert.equal(friend.headers.vary, 'origin');
		friend.close();
		const other = await Stream.open(site, target, { origin: 'https://other.test' });
		assert.equal(other.headers['access-control-allow-origin'], '*');
		assert.equal(other.headers['access-control-allow-credentials'], undefined);
		other.close();
		const bad = await refused(site, '/ws/sse', { origin: 'https://friend.test' });
		assert.equal(bad.status, 400);
		assert.equal(bad.headers['access-control-allow-origin'], 'https://friend.test');
	});

	test('where an origin is required, a browser’s own word is as good', async (t) => {
		const env = { WEBSOCKET_PUBLIC_TOPICS: 'news', WEBSOCKET_REQUIRE_ORIGIN: 'true' };
		const site = await start_site({ env });
		t.after(() => site.stop());
		assert.equal((await refused(site, '/ws/sse?topic=news')).status, 403);
		const own = await Stream.open(site, '/ws/sse?topic=news', { 'sec-fetch-site': 'same-origin' });
		assert.equal(own.status, 200);
		own.close();
	});

	test('switched off, it is a request as any other', async (t) => {
		const site = await start_site({ env: { WEBSOCKET_ENABLED: 'false' } });
		t.after(() => site.stop());
		assert.equal((await refused(site, '/ws/sse?topic=news')).status, 404);
	});

	test('below a base, and at another path', async (t) => {
		const build = await build_site({ name: 'base', env: { BASE: '/base' } });
		const site = await start_alone(build, {
			WEBSOCKET_PATH: '/live',
			WEBSOCKET_PUBLIC_TOPICS: 'news'
		});
		t.after(() => site.stop());
		for (const target of ['/ws/sse', '/base/ws/sse', '/live/sse', '/rooms/a/sse']) {
			assert.equal((await refused(site, `${target}?topic=news`)).status, 404, target);
		}
		for (const target of ['/base/live/sse', '/base/rooms/a/sse']) {
			const stream = await Stream.open(site, `${target}?topic=news`);
			assert.equal(stream.status, 200);
			stream.close();
		}
	});

	test('hooks that cannot be used are a 500 for streams too', async (t) => {
		const build = await build_site({
			name: 'broken',
			change(app) {
				fs.writeFileSync(
					path.join(app, 'src/hooks.ws.js'),
					`throw new Error('hooks on purpose');\n`
				);
			}
		});
		const site = await start_alone(build);
		t.after(() => site.stop());
		assert.equal((await refused(site, '/ws/sse?topic=news')).status, 500);
	});
});
