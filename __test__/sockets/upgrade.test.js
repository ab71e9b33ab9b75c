/** The handshake: who may come and with what, and what the others are told. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { header } from '../harness/parse.js';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';
import { Client, refused } from './client.js';
import { MODES, build_site, start_alone, start_mode, start_site } from './site.js';

/** @typedef {import('./site.js').Site} Site */
/** @typedef {import('./site.js').AnySite} AnySite */

/**
 * A handshake as bytes
 * @param {string} target
 * @param {Record<string, string | undefined>} [headers]
 */
function handshake(target, headers) {
	const all = {
		host: 'example.test',
		connection: 'Upgrade',
		upgrade: 'websocket',
		'sec-websocket-version': '13',
		'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
		...headers
	};
	const lines = Object.entries(all).filter(([, value]) => value !== undefined);
	const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
	return `GET ${target} HTTP/1.1\r\n${text}\r\n`;
}

/** @type {Array<[2 | 3, import('./site.js').Mode]>} */
const combinations = MODES.flatMap((mode) => [
	[3, mode],
	[2, mode]
]);

for (const [kit, mode] of combinations) {
	describe(`SvelteKit ${kit}, ${mode}`, { concurrency: false }, () => {
		/** @type {AnySite} */
		let site;
		before(async () => {
			site = await start_mode(mode, { kit });
		});
		after(() => site?.stop());

		test('an accepted client is greeted with what `upgrade` and the request said', async () => {
			const client = await Client.open(site, '/ws?user=ann&x=%20', {
				headers: { 'user-agent': 'the test', cookie: 'seen=before' }
			});
			assert.equal(client.response?.headers['x-hooks'], 'ws');
			assert.equal(client.response?.headers['sec-websocket-extensions'], undefined);
			const { data } = await client.event('welcome');
			const { id, ...rest } = data;
			assert.match(id, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
			assert.deepEqual(rest, {
				params: {},
				context: {
					from_request: true,
					seen: 'before',
					note: 'read by hooks',
					address: '127.0.0.1',
					route: '/ws'
				},
				user: { id: 'ann', info: { name: 'ANN' } },
				remoteAddress: '127.0.0.1',
				// as every request's: a server of our own takes `https` for granted
				url: `${mode === 'build' ? 'https' : 'http'}://127.0.0.1:${site.port}/ws?user=ann&x=%20`,
				agent: 'the test',
				text: id
			});
			assert.deepEqual(await client.leave(1000, 'bye'), { code: 1000, reason: 'bye' });
		});

		test('hooks and routes share their modules', async () => {
			const before = await Promise.all(
				Array.from({ length: 8 }, async () => {
					const response = await fetch(`http://127.0.0.1:${site.port}/shared`);
					return (await response.json()).handshakes;
				})
			);
			assert.ok(
				before.some((count) => count > 0),
				`${before}`
			);
		});

		test('what `upgrade` returns and throws is the answer', async () => {
			const error = await refused(site, '/ws?deny=error&cookie=a');
			assert.deepEqual([error.status, JSON.parse(error.body).message], [401, 'who are you?']);
			assert.match(`${error.headers['set-cookie']}`, /^seen=a; Path=\/; HttpOnly/);
			const redirect = await refused(site, '/ws?deny=redirect');
			assert.deepEqual([redirect.status, redirect.headers.location], [303, '/login']);
			const response = await refused(site, '/ws?deny=response&cookie=b');
			assert.deepEqual(
				[response.status, response.headers['x-why'], response.body],
				[403, 'because', 'not today']
			);
			assert.match(`${response.headers['set-cookie']}`, /^seen=b;/);
			const returned = await refused(site, '/ws?return');
			assert.deepEqual([returned.status, returned.body], [409, 'returned']);
		});

		test('a mistake in `upgrade` is a 500, and told to the log', async () => {
			assert.equal((await refused(site, '/ws?deny=mistake')).status, 500);
			await site.says('upgrade throws on purpose');
			assert.equal((await refused(site, '/ws?unclonable')).status, 500);
			await site.says('could not be cloned');
		});
	});
}

for (const mode of MODES)
	describe(`the handshake, ${mode}`, { concurrency: false }, () => {
		/** @type {AnySite} */
		let site;
		before(async () => {
			site = await start_mode(mode);
		});
		after(() => site?.stop());

		test('headers and cookies of `upgrade` are in the answer', async () => {
			const client = await Client.open(site, '/ws?protocol&cookie=yes', {
				protocols: ['other', 'chat']
			});
			assert.equal(client.socket.protocol, 'chat');
			assert.match(`${client.response?.headers['set-cookie']}`, /^seen=yes; Path=\/; HttpOnly/);
			await client.leave();
		});

		test('an `upgrade` that returns nothing accepts', async () => {
			const client = await Client.open(site, '/ws?nothing');
			assert.deepEqual((await client.event('welcome')).data.context, {});
			await client.leave();
		});

		test('paths of `routes` have their parameters, and inherit what they leave out', async () => {
			const room = await Client.open(site, '/rooms/a%20b?user=bob');
			assert.deepEqual((await room.event('entered')).data, { room: 'a b' });
			room.send('the message hook is that of all');
			assert.equal(await room.next(), 'the message hook is that of all');
			await room.leave();
			const file = await Client.open(site, '/files/a/b/c');
			assert.deepEqual((await file.event('path')).data, { path: 'a/b/c' });
			await file.leave();
			assert.equal((await refused(site, '/rooms/a?deny=error')).status, 401);
		});

		test('the key is answered as the RFC says, and bytes that came early are heard', async () => {
			const connection = await Connection.open(site);
			// "hi", masked with zeros (RFC 6455 5.2)
			const early = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
			connection.send(Buffer.concat([Buffer.from(handshake('/ws?nothing')), early]));
			await connection.sees('\r\n\r\n');
			const head = connection.received.toString('latin1');
			assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
			assert.match(head, /\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
			await connection.sees('\x81\x02hi');
			connection.close();
		});

		for (const [what, headers, status] of /** @type {const} */ ([
			['another version', { 'sec-websocket-version': '8' }, 426],
			['no version', { 'sec-websocket-version': undefined }, 426],
			['no key', { 'sec-websocket-key': undefined }, 400],
			['a key that is too short', { 'sec-websocket-key': 'YQ==' }, 400]
		])) {
			test(`${what} is ${status}`, async () => {
				const response = await exchange(site, handshake('/ws', headers));
				assert.equal(response.status, status);
				if (status === 426) assert.equal(header(response, 'sec-websocket-version'), '13');
			});
		}

		test('a page of another origin may not, unless it is allowed to', async () => {
			const other = await exchange(site, handshake('/ws', { origin: 'https://evil.test' }));
			assert.equal(other.status, 403);
			const own = await Connection.open(site);
			own.send(handshake('/ws', { origin: 'http://example.test' }));
			await own.sees('HTTP/1.1 101 ');
			own.close();
		});
	});

describe('the handshake, built alone', { concurrency: false }, () => {
	/** @type {Site} */
	let site;
	before(async () => {
		site = await start_site();
	});
	after(() => site?.stop());

	test('a path that is not ours is SvelteKit’s, handshake or not', async () => {
		const response = await exchange(site, handshake('/elsewhere'));
		assert.equal(response.status, 404);
		assert.match(`${response.body}`, /<!doctype html>/i);
		assert.equal((await exchange(site, handshake('/'))).status, 200);
		// and without a handshake, ours is nothing special
		assert.equal((await exchange(site, get('/ws'))).status, 404);
	});

	test('after the answer to one that is refused, the connection goes on', async () => {
		const connection = await Connection.open(site);
		connection.send(handshake('/ws?return'));
		assert.equal((await connection.response())?.status, 409);
		connection.send(get('/shared'));
		assert.equal((await connection.response())?.status, 200);
		connection.close();
	});
});

test('more handshakes than the rate allows are 429', async (t) => {
	const site = await start_site({ env: { WEBSOCKET_UPGRADE_RATE_LIMIT: '2/60s' } });
	t.after(() => site.stop());
	for (const status of [409, 409, 429]) {
		const response = await exchange(site, handshake('/ws?return'));
		assert.equal(response.status, status);
		if (status === 429) assert.ok(Number(header(response, 'retry-after')) > 0);
	}
});

test('switched off, a handshake is a request as any other', async (t) => {
	const site = await start_site({ env: { WEBSOCKET_ENABLED: 'false' } });
	t.after(() => site.stop());
	assert.equal((await exchange(site, handshake('/ws'))).status, 404);
	await assert.rejects(site.hub('publish', 'room:a', 1), { code: 'OXIDE_HUB_OFF' });
});

test('below a base, and at another path', async (t) => {
	const build = await build_site({ name: 'base', env: { BASE: '/base' } });
	const site = await start_alone(build, { WEBSOCKET_PATH: '/live' });
	t.after(() => site.stop());
	for (const target of ['/ws', '/base/ws', '/live', '/rooms/a']) {
		assert.equal((await exchange(site, handshake(target))).status, 404, target);
	}
	const client = await Client.open(site, '/base/live');
	assert.equal((await client.event('welcome')).data.context.route, '/live');
	await client.leave();
	const room = await Client.open(site, '/base/rooms/a');
	assert.deepEqual((await room.event('entered')).data, { room: 'a' });
	await room.leave();
});

test('hooks that cannot be used are told at the start; the rest is served', async (t) => {
	const build = await build_site({
		name: 'broken',
		change(app) {
			fs.writeFileSync(path.join(app, 'src/hooks.ws.js'), `throw new Error('hooks on purpose');\n`);
		}
	});
	const site = await start_alone(build);
	t.after(() => site.stop());
	await site.says('hooks on purpose');
	assert.equal((await exchange(site, handshake('/ws'))).status, 500);
	assert.equal((await exchange(site, handshake('/elsewhere'))).status, 404);
	assert.equal((await exchange(site, get('/shared'))).status, 200);
});

test('SvelteKit 2 without the plugin: the build says what is missing', async () => {
	await assert.rejects(
		build_site({ kit: 2, name: 'no-plugin', env: { WITHOUT_PLUGIN: 'yes' } }),
		/src\/hooks\.ws\.js is not in the server build.*oxide\(\), sveltekit\(\)/s
	);
});
