/**
 * What only development does: hooks that change while peers are there, and other servers' sockets
 * beside ours.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { PATIENCE } from '../harness/patience.js';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';
import { Client, refused } from './client.js';
import { Stream } from './events.js';
import { start_vite } from './site.js';

/** @typedef {Awaited<ReturnType<typeof start_vite>>} Site */

/**
 * A handshake as bytes
 * @param {string} target
 * @param {string} [host]
 * @param {string} [more] lines
 */
const handshake = (target, host = 'localhost', more = '') =>
	`GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
	`sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;

/** @param {Site} site */
const handshakes = async ({ port }) =>
	/** @type {any} */ (await (await fetch(`http://127.0.0.1:${port}/shared`)).json()).handshakes;

/**
 * @param {Site} site
 * @param {string} file below `src`
 * @param {(text: string) => string} change
 */
function edit({ app }, file, change) {
	const place = path.join(app, 'src', file);
	const before = fs.readFileSync(place, 'utf8');
	const changed = change(before);
	assert.notEqual(changed, before);
	fs.writeFileSync(place, changed);
}

/**
 * Waits until the server has said it so often
 * @param {Site} site
 * @param {string} text
 * @param {number} times
 */
const says = (site, text, times) =>
	site.until(
		() => site.output().split(text).length > times || undefined,
		`${times} x ${text}`,
		PATIENCE
	);

const ANEW = 'has been loaded anew';

for (const kit of /** @type {const} */ ([3, 2])) {
	describe(`hooks that change, SvelteKit ${kit}`, { concurrency: false }, () => {
		/** @type {Site} */
		let site;
		/** @type {Client} */
		let client;
		before(async () => {
			site = await start_vite({ kit });
			client = await Client.open(site);
			await client.event('welcome');
		});
		after(() => site?.stop());

		test('the next event has the new hooks; the peer and its context stay', async () => {
			assert.equal((await client.command('count', {}, 'count')).count, 1);
			edit(site, 'hooks.ws.js', (code) =>
				code.replace('void peer.send(message.text());', 'void peer.send(`new: ${message.text()}`);')
			);
			await says(site, ANEW, 1);
			client.send('hello');
			assert.equal(await client.next(), 'new: hello');
			assert.equal((await client.command('count', {}, 'count')).count, 2);
		});

		test('so it is with what the hooks import', async () => {
			edit(site, 'lib/commands.js', (code) => code.replace('?? 0) + 1;', '?? 0) + 10;'));
			await says(site, ANEW, 2);
			assert.equal((await client.command('count', {}, 'count')).count, 12);
		});

		test('hooks and routes still share their modules', async () => {
			const count = await handshakes(site);
			const other = await Client.open(site);
			assert.equal(await handshakes(site), count + 1);
			await other.leave();
		});

		test('a mistake is told, the hooks from before go on, and are replaced once it is mended', async () => {
			edit(site, 'hooks.ws.js', (code) => `const = 1;\n${code}`);
			await says(site, 'until it is mended the hooks from before go on', 1);
			client.send('hello');
			assert.equal(await client.next(), 'new: hello');
			const other = await Client.open(site);
			await other.event('welcome');
			await other.leave();
			edit(site, 'hooks.ws.js', (code) =>
				code.replace('const = 1;\n', '').replace('new: ', 'newest: ')
			);
			await says(site, ANEW, 3);
			client.send('hello');
			assert.equal(await client.next(), 'newest: hello');
		});

		test('hooks of a shape that cannot be used are a mistake as well', async () => {
			edit(site, 'hooks.ws.js', (code) =>
				`${code}\nexport const drain = 1;\n`.replace(/export function drain[^]*?\n}\n/, '')
			);
			await says(site, 'until it is mended the hooks from before go on', 2);
			client.send('hello');
			assert.equal(await client.next(), 'newest: hello');
			edit(site, 'hooks.ws.js', (code) => code.replace('export const drain = 1;\n', ''));
			await says(site, ANEW, 4);
		});

		test('a path that goes takes its peers along', async () => {
			const room = await Client.open(site, '/rooms/a');
			await room.event('entered');
			edit(site, 'hooks.ws.js', (code) => code.replace('/rooms/[room]', '/salons/[room]'));
			assert.equal((await room.end()).code, 1012);
			const salon = await Client.open(site, '/salons/a');
			await salon.event('entered');
			await salon.leave();
			assert.equal(client.closed, null);
		});

		test('without the file there is no hub, and with it there is one again', async () => {
			const file = path.join(site.app, 'src/hooks.ws.js');
			const code = fs.readFileSync(file);
			fs.rmSync(file);
			assert.equal((await client.end()).code, 1012);
			await assert.rejects(site.hub('count'), { code: 'OXIDE_HUB_OFF' });
			fs.writeFileSync(file, code);
			// nobody tells when the file has been noticed
			let again;
			for (let attempt = 0; again === undefined && attempt < 100; attempt += 1) {
				await Client.settle();
				again = await site.hub('count').catch(() => undefined);
			}
			assert.equal(again, 0);
			client = await Client.open(site);
			await client.event('welcome');
			client.send('hello');
			assert.equal(await client.next(), 'newest: hello');
		});
	});
}

describe('beside others', { concurrency: false }, () => {
	/** @type {Site} */
	let site;
	before(async () => {
		site = await start_vite();
	});
	after(() => site?.stop());

	test('Vite’s own socket is Vite’s', async () => {
		const socket = new WebSocket(`ws://127.0.0.1:${site.port}/`, ['vite-hmr']);
		const message = await new Promise((resolve, reject) => {
			socket.once('message', resolve);
			socket.once('error', reject);
		});
		assert.equal(JSON.parse(`${message}`).type, 'connected');
		socket.terminate();
	});

	test('what no hook wants is left to others', async () => {
		assert.equal((await exchange(site, handshake('/foreign'))).status, 418);
		const connection = await Connection.open(site);
		connection.send(handshake('/nobody'));
		await Client.settle();
		assert.equal(connection.ended, false);
		assert.equal(connection.received.length, 0);
		connection.close();
	});

	test('an upgrade to another protocol is not ours', async () => {
		const connection = await Connection.open(site);
		connection.send(handshake('/ws').replace('upgrade: websocket', 'upgrade: h2c'));
		await Client.settle();
		assert.equal(connection.received.length, 0);
		connection.close();
	});

	test('a host that Vite does not answer to is refused', async () => {
		const more = 'origin: http://evil.test\r\n';
		const response = await exchange(site, handshake('/ws', 'evil.test', more));
		assert.equal(response.status, 403);
		assert.match(`${response.body}`, /server\.allowedHosts/);
	});

	test('a page of another origin is refused, and it is said what would let it in', async () => {
		const more = `origin: https://127.0.0.1:${site.port}\r\n`;
		const response = await exchange(site, handshake('/ws', `127.0.0.1:${site.port}`, more));
		assert.equal(response.status, 403);
		await site.says(`WEBSOCKET_ALLOWED_ORIGINS=https://127.0.0.1:${site.port}`);
	});

	test('what the tunnel says of a client, no client can say', async () => {
		const client = await Client.open(site, '/ws', { headers: { 'x-forwarded-for': '192.0.2.1' } });
		const { data } = await client.event('welcome');
		assert.equal(data.remoteAddress, '127.0.0.1');
		assert.equal(data.url, `http://127.0.0.1:${site.port}/ws`);
		await client.leave();
	});

	test('a stream that is refused is, and what only looks like one is SvelteKit’s', async () => {
		assert.equal((await exchange(site, get('/ws/sse'))).status, 400);
		for (const target of ['/elsewhere/sse', '/sse']) {
			const response = await exchange(site, get(target));
			assert.equal(response.status, 404, target);
			assert.match(`${response.body}`, /<!doctype html>/i);
		}
	});

	test('who finds the native server’s port gets nowhere, and learns nothing', async () => {
		// now it listens
		assert.equal(await site.hub('count'), 0);
		site.order('ports');
		await says(site, 'listens on ', 1);
		const ports = /listens on ([\d ]+)/.exec(site.output())?.[1].split(' ').map(Number);
		const port = Number(ports?.find((port) => port !== site.port));
		for (const request of [get('/ws'), handshake('/ws'), handshake('/elsewhere')]) {
			const { status, headers } = await exchange({ port }, request);
			assert.equal(status, 404);
			assert.ok(!JSON.stringify(headers).includes('x-oxide'));
		}
	});

	test('a handshake that is given up while `upgrade` decides leaves nothing behind', async () => {
		const connection = await Connection.open(site);
		connection.send(handshake('/ws?nothing'));
		connection.close();
		const client = await Client.open(site);
		await client.leave();
		for (let attempt = 0; attempt < 100 && (await site.hub('count')) > 0; attempt += 1) {
			await Client.settle();
		}
		assert.equal(await site.hub('count'), 0);
	});
});

/**
 * Ends Vite's server: peers are told, no hook is waited for, and the process can end
 * @param {Site} site
 * @param {{ port: number }} [at] where it listens now
 */
async function ends(site, at = site) {
	const client = await Client.open(at);
	const { id } = (await client.event('welcome')).data;
	const stream = await Stream.open(at, '/ws/sse?topic=room:a');
	await stream.event('__subscribed');
	client.send({ do: 'never' });
	client.send('heard');
	assert.equal(await client.next(), 'heard');
	site.order('close');
	assert.equal((await client.end()).code, 1012);
	assert.equal((await stream.event('__close')).code, 1012);
	await site.says(`closed ${id}: 1012`);
	assert.deepEqual(await site.ended, { code: 0, signal: null });
}

test('a restart of Vite’s server begins with a new hub and leaves none behind, nor does its end', async (t) => {
	const site = await start_vite();
	t.after(() => site.stop());
	const threads = async (/** @type {number} */ times) => {
		site.order('count');
		await says(site, ' native threads', times);
		return [...site.output().matchAll(/has (\d+) native threads/g)][times - 1][1];
	};
	const client = await Client.open(site);
	await client.event('welcome');
	const before = await threads(1);
	assert.notEqual(before, '0');
	site.order('restart');
	assert.equal((await client.end()).code, 1012);
	await site.says('Listening again on ');
	const again = { port: Number(/Listening again on \S+:(\d+)/.exec(site.output())?.[1]) };
	assert.equal(await threads(2), '0');
	const other = await Client.open(again);
	await other.event('welcome');
	assert.equal(await threads(3), before);
	await other.leave();
	await ends(site, again);
});

test('the end of preview says goodbye as well', async (t) => {
	const site = await start_vite({ mode: 'preview' });
	t.after(() => site.stop());
	await ends(site);
});

for (const kit of /** @type {const} */ ([3, 2])) {
	test(`options of the adapter and variables apply, SvelteKit ${kit}`, async (t) => {
		const options = { websocket: { path: '/live', maxMessageSize: 1024 } };
		const site = await start_vite({
			kit,
			env: {
				ADAPTER_OPTIONS: JSON.stringify(options),
				BASE: '/base',
				WEBSOCKET_UPGRADE_RATE_LIMIT: '2/60s'
			}
		});
		t.after(() => site.stop());
		const client = await Client.open(site, '/base/live');
		assert.equal((await client.event('welcome')).data.context.route, '/live');
		client.send('x'.repeat(1025));
		assert.equal((await client.end()).code, 1009);
		assert.equal((await refused(site, '/base/live?return')).status, 409);
		const { status, headers } = await refused(site, '/base/live?return');
		assert.equal(status, 429);
		assert.ok(Number(headers['retry-after']) > 0);
	});
}

test('switched off, the hub says so', async (t) => {
	const site = await start_vite({ env: { WEBSOCKET_ENABLED: 'false' } });
	t.after(() => site.stop());
	await assert.rejects(site.hub('count'), { code: 'OXIDE_HUB_OFF', message: /are off/ });
});

test('without hooks there may be a hub for public topics', async (t) => {
	const websocket = { publicTopics: ['news'] };
	const site = await start_vite({
		env: { ADAPTER_OPTIONS: JSON.stringify({ websocket }) },
		change: (app) => fs.rmSync(path.join(app, 'src/hooks.ws.js'))
	});
	t.after(() => site.stop());
	for (let round = 0; round < 2; round += 1) {
		const client = await Client.open(site);
		const answer = await client.wish({ type: '__subscribe', id: 1, topic: 'news' });
		assert.equal(answer.type, '__subscribed');
		assert.equal(await site.hub('publish', 'news', 'heard'), 1);
		assert.equal(await client.next(), 'heard');
		await client.leave();
	}
	assert.ok(!site.output().includes(ANEW));
});

test('hooks that cannot be used from the start are told, and mended', async (t) => {
	const site = await start_vite({
		change: (app) =>
			fs.writeFileSync(path.join(app, 'src/hooks.ws.js'), `throw new Error('hooks on purpose');\n`)
	});
	t.after(() => site.stop());
	assert.equal((await exchange(site, handshake('/ws'))).status, 500);
	await site.says('hooks on purpose');
	fs.writeFileSync(
		path.join(site.app, 'src/hooks.ws.js'),
		`export const open = (peer) => void peer.send('mended');\n`
	);
	let client;
	for (let attempt = 0; client === undefined && attempt < 100; attempt += 1) {
		await Client.settle();
		client = await Client.open(site).catch(() => undefined);
	}
	assert.equal(await client?.next(), 'mended');
	await client?.leave();
});

test('without the addon, all else is served, and who asks is told why', async (t) => {
	const site = await start_vite({
		change(app) {
			const native = path.join(app, 'node_modules/svelte-adapter-oxide/native');
			for (const file of fs.readdirSync(native)) {
				if (file.endsWith('.node')) fs.rmSync(path.join(native, file));
			}
		}
	});
	t.after(() => site.stop());
	assert.equal((await exchange(site, get('/shared'))).status, 200);
	const why = /has no native binary for/;
	await assert.rejects(site.hub('count'), { code: 'OXIDE_HUB_OFF', message: why });
	const response = await exchange(site, handshake('/ws'));
	assert.equal(response.status, 503);
	assert.match(`${response.body}`, why);
	assert.equal(site.output().split('There is no hub: ').length - 1, 1, 'told once');
});

test('in middleware mode the hub can be called, and it is said what is missing', async (t) => {
	const site = await start_vite({ mode: 'middleware' });
	t.after(() => site.stop());
	assert.equal(await site.hub('count'), 0);
	await site.says('In middleware mode, the hub can be called but no WebSocket be opened');
});

test('in middleware mode with its server, all is there, and the end says goodbye', async (t) => {
	const site = await start_vite({ mode: 'parent' });
	t.after(() => site.stop());
	const client = await Client.open(site);
	const { id } = (await client.event('welcome')).data;
	client.send('hello');
	assert.equal(await client.next(), 'hello');
	assert.equal((await exchange(site, handshake('/foreign'))).status, 418);
	site.order('close');
	assert.equal((await client.end()).code, 1012);
	await site.says(`closed ${id}: 1012`);
	assert.deepEqual(await site.ended, { code: 0, signal: null });
});
