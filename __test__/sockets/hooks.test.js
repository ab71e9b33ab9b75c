/** The hooks of peers: in which order they run, what they get, and what becomes of their mistakes. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Site as Place, rename_build } from '../workers/releases.js';
import { Client } from './client.js';
import { MODES, build_site, start_alone, start_mode, start_site } from './site.js';

/** @typedef {import('./site.js').Site} Site */
/** @typedef {import('./site.js').AnySite} AnySite */

/**
 * An open client that has been greeted, and its id
 * @param {{ port: number }} site
 * @param {string} [target]
 * @param {Parameters<typeof Client.open>[2]} [options]
 */
async function greeted(site, target = '/ws', options) {
	const client = await Client.open(site, target, options);
	const { id } = (await client.event('welcome')).data;
	return { client, id: /** @type {string} */ (id) };
}

for (const mode of MODES)
	describe(`hooks, ${mode}`, { concurrency: false }, () => {
		/** @type {AnySite} */
		let site;
		before(async () => {
			site = await start_mode(mode);
		});
		after(() => site?.stop());

		test('texts and bytes come as they were sent, up to 1 MiB', async () => {
			const { client } = await greeted(site);
			for (const text of ['hello', 'ü 😀', '', 'x'.repeat(70_000), 'ü'.repeat(2 ** 19)]) {
				client.send(text);
				assert.equal(await client.next(), text);
			}
			for (const length of [0, 1, 65_536, 65_537, 2 ** 20]) {
				const bytes = crypto.randomBytes(length);
				client.send(bytes);
				assert.deepEqual(await client.next(), bytes);
			}
			await client.leave();
		});

		test('`open` comes first, then messages in order, then `close`', async () => {
			const client = await Client.open(site);
			for (let at = 0; at < 100; at += 1) client.send({ do: 'count' });
			client.socket.close(4000, 'done');
			const first = await client.json();
			assert.equal(first.type, 'welcome');
			const { id } = first.data;
			await site.says(`closed ${id}: 4000 "done" clean=true count=100`);
			await client.end();
		});

		test('a client that vanishes is closed with 1006, and was not clean', async () => {
			const { client, id } = await greeted(site);
			client.socket.terminate();
			await site.says(`closed ${id}: 1006 "" clean=false`);
		});

		test('the server closes with a code and a reason', async () => {
			const { client, id } = await greeted(site);
			client.send({ do: 'close', code: 4321, reason: 'ü' });
			assert.deepEqual(await client.end(), { code: 4321, reason: 'ü' });
			await site.says(`closed ${id}: 4321 "ü" clean=true`);
		});

		for (const name of ['throw', 'reject']) {
			test(`a hook that ${name}s closes its socket with 1011, and no other`, async () => {
				const { client: other } = await greeted(site);
				const { client, id } = await greeted(site);
				client.send({ do: name });
				assert.equal((await client.end()).code, 1011);
				await site.says(`The WebSocket hook \`message\` failed for peer ${id}`);
				other.send('still here');
				assert.equal(await other.next(), 'still here');
				await other.leave();
			});
		}

		test('with an `error` hook, the socket stays open and the hook has the error', async () => {
			const { client } = await greeted(site, '/errors');
			for (const name of ['throw', 'reject']) {
				client.send({ do: name });
				assert.match((await client.event('error')).data, /the message hook \w+ on purpose/);
			}
			client.send({ do: 'unclonable' });
			assert.match((await client.event('error')).data, /^peer\.context cannot be kept.*be cloned/);
			client.send('still here');
			assert.equal(await client.next(), 'still here');
			await client.leave();
		});

		test('a hook that never settles holds up its own client at the bound, and nobody else', async () => {
			const { client } = await greeted(site);
			const { client: other } = await greeted(site);
			for (let at = 0; at < 64; at += 1) client.send({ do: 'never' });
			// past the bound, nothing is read from this client
			for (let at = 0; at < 10; at += 1) client.send({ do: 'print', text: 'read past the bound' });
			for (let at = 0; at < 20; at += 1) {
				other.send(`turn ${at}`);
				assert.equal(await other.next(), `turn ${at}`);
			}
			assert.ok(!site.output().includes('read past the bound'));
			client.socket.terminate();
			await other.leave();
		});

		test('a client that has 63 messages unread is still heard', async () => {
			const { client } = await greeted(site);
			for (let at = 0; at < 63; at += 1) client.send({ do: 'never' });
			client.send('heard');
			assert.equal(await client.next(), 'heard');
			client.socket.terminate();
		});

		test('topics of a peer are those the hub knows', async () => {
			const { client } = await greeted(site);
			assert.equal(await client.command('subscribe', { topic: 'room:b' }, 'new'), true);
			assert.equal(await client.command('subscribe', { topic: 'room:b' }, 'new'), false);
			assert.equal(await client.command('subscribe', { topic: 'room:a' }, 'new'), true);
			assert.deepEqual(await client.command('topics', {}, 'topics'), ['room:a', 'room:b']);
			assert.equal(await client.command('unsubscribe', { topic: 'room:b' }, 'had'), true);
			assert.equal(await client.command('unsubscribe', { topic: 'room:b' }, 'had'), false);
			assert.deepEqual(await client.command('topics', {}, 'topics'), ['room:a']);
			await client.leave();
		});

		test('a peer that publishes does not hear itself', async () => {
			const [one, two] = [await greeted(site), await greeted(site)];
			for (const { client } of [one, two]) {
				await client.command('subscribe', { topic: 'room:echo' }, 'new');
			}
			const said = { topic: 'room:echo', data: { n: 1 } };
			assert.equal(await one.client.command('publish', said, 'published'), 1);
			const { topic, type, data } = await two.client.json();
			assert.deepEqual([topic, type, data], ['room:echo', 'message', { n: 1 }]);
			assert.deepEqual(await one.client.so_far(), []);
			await one.client.leave();
			await two.client.leave();
		});
	});

describe('workers that are replaced', { concurrency: false }, () => {
	/** @type {Site} */
	let site;
	before(async () => {
		site = await start_site();
	});
	after(() => site?.stop());

	test('context, id, topics and messages under way survive', { timeout: 120_000 }, async () => {
		const clients = await Promise.all(
			Array.from({ length: 10 }, async () => {
				const { client, id } = await greeted(site, '/ws?user=ann');
				assert.equal(await client.command('subscribe', { topic: `room:${id}` }, 'new'), true);
				const { count, thread } = await client.command('count', {}, 'count');
				assert.equal(count, 1);
				return { client, id, threads: new Set([thread]), asked: 1 };
			})
		);
		const threads = new Set(clients.flatMap((one) => [...one.threads]));
		assert.equal(threads.size, 2, 'both workers have peers');

		for (let round = 0; round < 2; round += 1) {
			site.signal('SIGHUP');
			let done = false;
			const over = site
				.happens('worker ready', {}, { count: 2 * (round + 2), timeout: 60_000 })
				.then(() => site.complete())
				.then(() => (done = true));
			await Promise.all(
				clients.map(async (one) => {
					while (!done) {
						const name = one.asked % 2 === 0 ? 'count' : 'later';
						const { count, thread } = await one.client.command(name, {}, 'count');
						one.asked += 1;
						one.threads.add(thread);
						assert.equal(count, one.asked);
					}
				})
			);
			await over;
		}
		for (const one of clients) {
			const { count, thread } = await one.client.command('count', {}, 'count');
			assert.equal(count, one.asked + 1);
			one.threads.add(thread);
			assert.equal(one.threads.size, 3, 'it has been on a worker of each generation');
			assert.deepEqual(await one.client.command('topics', {}, 'topics'), [`room:${one.id}`]);
			const peer = await site.hub('peer', one.id);
			assert.deepEqual([peer.id, peer.user.id], [one.id, 'ann']);
			assert.equal(await site.hub('publish', `room:${one.id}`, 'still'), 1);
			assert.equal(await one.client.next(), 'still');
			assert.equal(one.client.closed, null);
		}
		await Promise.all(clients.map(({ client }) => client.leave()));
		await site.says(`closed ${clients[0].id}: 1000 "" clean=true count=${clients[0].asked + 1}`);
	});

	test('a worker that dies loses what it had; its peers live on', { timeout: 60_000 }, async () => {
		const { client, id } = await greeted(site, '/ws');
		const { thread } = await client.command('count', {}, 'count');
		client.send({ do: 'exit' });
		await site.happens('worker died');
		const { count, thread: another } = await client.command('count', {}, 'count');
		assert.notEqual(another, thread);
		assert.equal(count, 2, 'what was kept is still there');
		assert.equal((await site.hub('peer', id)).id, id);
		await client.leave();
	});
});

test('a deploy takes peers along; those whose path has gone are to come again', async (t) => {
	const build = await build_site();
	const place = new Place(build);
	t.after(() => place.remove());
	const site = await start_site({ build: place.build });
	t.after(() => site.stop());
	const { client, id } = await greeted(site, '/ws?user=ann');
	assert.equal((await client.command('count', {}, 'count')).count, 1);
	const room = await Client.open(site, '/rooms/a');
	await room.event('entered');

	place.swap(build, (copy) => {
		rename_build(copy, 'the second');
		const file = path.join(copy, 'server/oxide-hooks-ws.js');
		const code = fs.readFileSync(file, 'utf8');
		fs.writeFileSync(file, code.replace('/rooms/[room]', '/salons/[room]'));
	});
	site.signal('SIGHUP');
	await site.reaches(({ build, workers }) => build === 2 && workers.every((it) => it.build === 2));

	assert.equal((await client.command('count', {}, 'count')).count, 2);
	assert.equal((await site.hub('peer', id)).id, id);
	room.send('anybody?');
	assert.equal((await room.end()).code, 1012);
	const salon = await Client.open(site, '/salons/a');
	await salon.event('entered');
	await salon.leave();
	await client.leave();
});

describe('the end of the process', { concurrency: false }, () => {
	test('a drain says goodbye with 1012, and every `close` hook runs', async (t) => {
		const site = await start_site();
		t.after(() => site.stop());
		const peers = await Promise.all(Array.from({ length: 40 }, () => greeted(site)));
		await Promise.all(peers.map(({ client }) => client.command('count', {}, 'count')));
		site.signal('SIGTERM');
		for (const { client } of peers) assert.equal((await client.end()).code, 1012);
		assert.deepEqual(await site.ended, { code: 0, signal: null });
		for (const { id } of peers) {
			assert.match(site.output(), new RegExp(`closed ${id}: 1012 ".*" clean=true count=1`));
		}
	});

	test('so it does where the worker is the main thread', async (t) => {
		const site = await start_alone(await build_site());
		t.after(() => site.stop());
		const peers = await Promise.all(Array.from({ length: 10 }, () => greeted(site)));
		site.signal('SIGTERM');
		for (const { client } of peers) assert.equal((await client.end()).code, 1012);
		assert.deepEqual(await site.ended, { code: 0, signal: null });
		for (const { id } of peers) assert.ok(site.output().includes(`closed ${id}: 1012`));
	});
});
