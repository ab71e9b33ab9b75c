/** The hub from routes, whichever worker runs them, and as clients speak to it, in all modes. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Client } from './client.js';
import { MODES, start_mode } from './site.js';

/** @param {any} event without what differs from run to run */
function plain({ timestamp, seq, ...rest }) {
	assert.equal(typeof timestamp, 'number');
	return rest;
}

for (const mode of MODES)
	describe(mode, { concurrency: false }, () => {
		/** @type {import('./site.js').AnySite} */
		let site;
		before(async () => {
			site = await start_mode(mode, { env: { WEBSOCKET_PUBLIC_TOPICS: 'news,open:*' } });
		});
		after(() => site?.stop());

		/** @type {Client[]} */
		let opened = [];
		beforeEach(async () => {
			await Promise.all(opened.map((client) => client.closed ?? client.leave()));
			opened = [];
			// a peer leaves the hub when its goodbye is answered; asked of any worker
			while ((await site.hub('count')) > 0) await Client.settle();
		});

		/**
		 * @param {string} [target]
		 * @returns {Promise<{ client: Client, id: string }>}
		 */
		async function greeted(target = '/ws') {
			const client = await Client.open(site, target);
			opened.push(client);
			const { id } = (await client.event('welcome')).data;
			return { client, id };
		}

		/**
		 * As many that have the topic
		 * @param {number} count
		 * @param {string} topic
		 * @param {string} [target]
		 */
		function subscribed(count, topic, target) {
			return Promise.all(
				Array.from({ length: count }, async () => {
					const peer = await greeted(target);
					await peer.client.command('subscribe', { topic }, 'new');
					return peer;
				})
			);
		}

		/**
		 * Calls a function of the hub on every worker
		 * @param {string} name
		 * @param {...unknown} args
		 * @returns {Promise<any[]>} what it returned, by worker
		 */
		async function on_all_workers(name, ...args) {
			const found = new Map();
			for (let attempt = 0; attempt < 200 && found.size < site.workers; attempt += 1) {
				const answers = await Promise.all(
					Array.from({ length: 4 }, () => site.post('/hub', { name, args }))
				);
				for (const { worker, result } of answers) found.set(worker, result);
			}
			assert.equal(found.size, site.workers, 'all workers were asked');
			return [...found.values()];
		}

		describe('from routes', { concurrency: false }, () => {
			test('`publish` reaches all that have the topic, on all workers, and counts them', async () => {
				const peers = await subscribed(6, 'room:a');
				const other = await greeted();
				assert.equal(await site.hub('publish', 'room:a', { n: 1 }), 6);
				assert.equal(await site.hub('publish', 'room:a', 'as it is'), 6);
				assert.equal(await site.hub('publish', 'room:a', { type: 'joined', data: 2 }), 6);
				assert.equal(await site.hub('publish', 'room:a', 'text', { type: 'said' }), 6);
				assert.equal(await site.hub('publish', 'room:a', 'but one', { except: peers[0].id }), 5);
				for (const [at, { client }] of peers.entries()) {
					const topic = 'room:a';
					const first = await client.json();
					assert.deepEqual(plain(first), { topic, type: 'message', data: { n: 1 } });
					assert.equal(await client.next(), 'as it is');
					const second = await client.json();
					assert.deepEqual(plain(second), { topic, type: 'joined', data: 2 });
					assert.ok(second.seq > first.seq);
					assert.deepEqual(plain(await client.json()), { topic, type: 'said', data: 'text' });
					assert.deepEqual(await client.so_far(), at === 0 ? [] : ['but one']);
				}
				assert.deepEqual(await other.client.so_far(), []);
			});

			test('messages of one publisher come in order', async () => {
				const [{ client }] = await subscribed(1, 'room:order');
				for (let at = 0; at < 50; at += 1) await site.hub('publish', 'room:order', at);
				for (let at = 0; at < 50; at += 1) assert.equal((await client.json()).data, at);
			});

			test('`broadcast`, `send` and `sendTo`', async () => {
				const [ann, bob, nobody] = [
					await greeted('/ws?user=ann'),
					await greeted('/ws?user=bob'),
					await greeted()
				];
				assert.equal(await site.hub('broadcast', 'to all'), 3);
				assert.equal(await site.hub('broadcast', 'but bob', { except: bob.id }), 2);
				assert.equal(await site.hub('send', ann.id, { private: true }), true);
				const { result } = await site.post('/hub', {
					name: 'sendTo',
					args: ['to anns'],
					user: 'ann'
				});
				assert.equal(result, 1);
				assert.equal(await ann.client.next(), 'to all');
				assert.equal(await ann.client.next(), 'but bob');
				assert.deepEqual((await ann.client.json()).data, { private: true });
				assert.deepEqual(await ann.client.so_far(), ['to anns']);
				assert.deepEqual(await bob.client.so_far(), ['to all']);
				assert.deepEqual(await nobody.client.so_far(), ['to all', 'but bob']);
			});

			test('`count`, `peers`, `subscribers` and `presence` are exact on every worker', async () => {
				const anns = await subscribed(2, 'room:p', '/ws?user=ann');
				const [bob] = await subscribed(1, 'room:p', '/ws?user=bob');
				const [anonymous] = await subscribed(1, 'room:p');
				await greeted();
				const ids = [...anns, bob, anonymous].map(({ id }) => id).sort();
				for (const count of await on_all_workers('count')) assert.equal(count, 5);
				for (const count of await on_all_workers('count', 'room:p')) assert.equal(count, 4);
				for (const peers of await on_all_workers('peers')) assert.equal(peers.length, 5);
				for (const peers of await on_all_workers('subscribers', 'room:p')) {
					assert.deepEqual(peers.map((/** @type {any} */ peer) => peer.id).sort(), ids);
					assert.ok(peers.every((/** @type {any} */ peer) => peer.topics.includes('room:p')));
				}
				const both = [
					{ id: 'ann', info: { name: 'ANN' } },
					{ id: 'bob', info: { name: 'BOB' } }
				];
				/** @param {any[]} users */
				const by_id = (users) => users.toSorted((one, other) => (one.id < other.id ? -1 : 1));
				for (const users of await on_all_workers('presence', 'room:p')) {
					assert.deepEqual(by_id(users), both);
				}

				await anns[0].client.leave();
				await bob.client.leave();
				for (const count of await on_all_workers('count', 'room:p')) assert.equal(count, 2);
				for (const users of await on_all_workers('presence', 'room:p')) {
					assert.deepEqual(users, both.slice(0, 1));
				}
			});

			test('`peer` knows what the peer’s hooks have kept, and nobody who has gone', async () => {
				const { client, id } = await greeted('/ws?user=ann');
				await client.command('count', {}, 'count');
				for (const peer of await on_all_workers('peer', id)) {
					assert.equal(peer.context.count, 1);
					assert.deepEqual(peer.user, { id: 'ann', info: { name: 'ANN' } });
				}
				await client.leave();
				for (const peer of await on_all_workers('peer', id)) assert.equal(peer, null);
				assert.equal(await site.hub('send', id, 'anybody?'), false);
				assert.equal(await site.hub('send', 'no id at all', 'anybody?'), false);
			});

			test('`disconnect` closes with a code and a reason', async () => {
				const { client, id } = await greeted();
				assert.equal(await site.hub('disconnect', id, 4000, 'go away'), true);
				assert.deepEqual(await client.end(), { code: 4000, reason: 'go away' });
				assert.equal(await site.hub('disconnect', id), false);
				await assert.rejects(site.hub('disconnect', id, 1006), /not with 1006/);
				await assert.rejects(site.hub('disconnect', id, 1000, 'x'.repeat(124)), /123 bytes/);
			});

			test('the module’s hub is the same, also from where no request is known', async () => {
				const [{ client }] = await subscribed(1, 'room:timer');
				assert.equal((await site.post('/module-hub?x')).count, 1);
				assert.equal(await client.next(), 'from a timer, ?x');
			});

			test('what cannot be published says why', async () => {
				await assert.rejects(site.hub('publish', '__mine', 1), { code: 'OXIDE_HUB_BAD_TOPIC' });
				await assert.rejects(site.hub('publish', 'a*', 1), { code: 'OXIDE_HUB_BAD_TOPIC' });
				await assert.rejects(site.hub('publish', 'a', 1, { type: '__x' }), /cannot begin with __/);
			});
		});

		describe('as clients speak to it', { concurrency: false }, () => {
			/**
			 * @param {Client} client
			 * @param {string} topic
			 * @param {number} [id]
			 */
			const subscribe = (client, topic, id = 1) => client.wish({ type: '__subscribe', id, topic });

			test('a topic that the hook allows is given and can be given back', async () => {
				const { client } = await greeted('/ws?user=ann');
				const given = await subscribe(client, 'room:x', 7);
				assert.deepEqual([given.type, given.id, given.topic], ['__subscribed', 7, 'room:x']);
				assert.match(given.epoch, /^[\da-f]{16}$/);
				assert.equal((await subscribe(client, 'user:ann')).type, '__subscribed');
				assert.equal(await site.hub('publish', 'room:x', 'heard'), 1);
				assert.equal(await client.next(), 'heard');
				const taken = await client.wish({ type: '__unsubscribe', id: 8, topic: 'room:x' });
				assert.equal(taken.type, '__unsubscribed');
				assert.equal(await site.hub('publish', 'room:x', 'not heard'), 0);
				assert.deepEqual(await client.so_far(), []);
			});

			test('what the hook does not allow is refused, with its words and no others', async () => {
				const { client } = await greeted('/ws?user=ann');
				for (const [topic, code, reason] of [
					['user:bob', 'forbidden', 'not allowed'],
					['vague', 'forbidden', 'not allowed'],
					['staff', 'forbidden', 'staff only'],
					['broken', 'forbidden', 'Internal Error'],
					['__reserved', 'bad-topic', undefined],
					['wild*', 'bad-topic', undefined]
				]) {
					const answer = await subscribe(client, `${topic}`);
					assert.deepEqual([answer.type, answer.code], ['__error', code], `${topic}`);
					if (reason !== undefined) assert.equal(answer.reason, reason);
				}
				await site.says('subscribe throws on purpose');
				client.send('still here');
				assert.equal(await client.next(), 'still here');
			});

			test('public topics need no hook', async () => {
				const { client } = await greeted();
				assert.equal((await subscribe(client, 'news')).type, '__subscribed');
				assert.equal((await subscribe(client, 'open:house')).type, '__subscribed');
				assert.equal((await subscribe(client, 'newspaper')).type, '__error');
			});

			test('presence and count, and their changes', async () => {
				const [{ client }] = await subscribed(1, 'room:q', '/ws?user=ann');
				const roll = await client.wish({ type: '__presence', id: 2, topic: 'room:q' });
				assert.deepEqual(roll.users, [{ id: 'ann', info: { name: 'ANN' } }]);
				const [bob] = await subscribed(1, 'room:q', '/ws?user=bob');
				const joined = await client.json();
				assert.deepEqual(
					[joined.topic, joined.type, joined.data.id],
					['__presence:room:q', 'join', 'bob']
				);
				const count = await client.wish({ type: '__count', id: 3, topic: 'room:q' });
				assert.equal(count.count, 2);
				await bob.client.leave();
				assert.equal((await client.json()).type, 'leave');
				const other = await client.wish({ type: '__count', id: 4, topic: 'room:r' });
				assert.equal(other.code, 'forbidden');
			});

			test('a client’s request has its reply', async () => {
				const { client } = await greeted();
				/** @param {unknown} data @param {number} id */
				const ask = (data, id) => client.wish({ type: '__request', id, data });
				const { data, type } = await ask({ op: 'add', a: 1, b: 2 }, 1);
				assert.deepEqual([type, data], ['__reply', 3]);
				assert.equal((await ask({ op: 'nothing' }, 2)).data, null);
				assert.equal((await ask({ op: 'refuse' }, 3)).error, 'no such sum');
				assert.equal((await ask({ op: 'mistake' }, 4)).error, 'Internal Error');
				await site.says('request throws on purpose');
				const large = await ask({ op: 'add', a: 'x'.repeat(100_000), b: 'y' }, 5);
				assert.equal(large.data.length, 100_001);
			});

			test('a reply that is too long to be sent is a mistake, and hurts nobody', async () => {
				const { client } = await greeted();
				for (const [id, op] of [
					[1, 'much'],
					[2, 'refuse much']
				]) {
					const { error } = await client.wish({ type: '__request', id, data: { op } });
					assert.equal(error, 'Internal Error', `${op}`);
				}
				const { data } = await client.wish({
					type: '__request',
					id: 3,
					data: { op: 'add', a: 1, b: 1 }
				});
				assert.equal(data, 2);
				assert.ok(!site.output().includes('worker died'));
			});

			test('a request of the server has the client’s reply, from any worker', async () => {
				const { client, id } = await greeted();
				for (let round = 0; round < 4; round += 1) {
					const asked = site.hub('request', id, { question: round });
					const { type, id: number, data } = await client.json();
					assert.deepEqual([type, data], ['__request', { question: round }]);
					client.send({ type: '__reply', id: number, data: { answer: round } });
					assert.deepEqual(await asked, { answer: round });
				}
			});

			test('a request that is refused, forgotten or left alone rejects', async () => {
				const { client, id } = await greeted();
				const refused = site.hub('request', id, 1);
				const { id: number } = await client.json();
				client.send({ type: '__reply', id: number, error: 'not now' });
				await assert.rejects(refused, { code: 'OXIDE_HUB_REFUSED', message: 'not now' });
				await assert.rejects(site.hub('request', id, 1, { timeout: 20 }), {
					code: 'OXIDE_HUB_TIMEOUT'
				});
				// late, and to nobody
				client.send({ type: '__reply', id: (await client.json()).id, data: 1 });
				assert.deepEqual(await client.so_far(), []);
				const left = assert.rejects(site.hub('request', id, 1), { code: 'OXIDE_HUB_GONE' });
				await client.json();
				client.socket.terminate();
				await left;
				await assert.rejects(site.hub('request', id, 1), { code: 'OXIDE_HUB_GONE' });
			});

			test('a request that cannot be sent says why', async () => {
				const { client, id } = await greeted();
				client.send({ do: 'askMuch', length: 17_000_000 });
				const { code } = (await client.event('no reply')).data;
				assert.equal(code, 'OXIDE_HUB_TOO_LONG');
				// and the peer is there
				const asked = site.hub('request', id, 1);
				client.send({ type: '__reply', id: (await client.json()).id, data: 2 });
				assert.equal(await asked, 2);
			});

			test('a hook can ask its own peer', async () => {
				const { client } = await greeted();
				client.send({ do: 'ask', data: 'name?' });
				const { id } = await client.event('__request');
				client.send({ type: '__reply', id, data: 'Ann' });
				assert.equal((await client.event('reply')).data, 'Ann');
			});

			test('frames that make no sense are told, and hurt nothing', async () => {
				const { client } = await greeted();
				for (const frame of ['{"type":"__nothing"}', '{"type":"__subscribe"}', '{"type":"__']) {
					client.send(frame);
					const { type, code } = await client.json();
					assert.deepEqual([type, code], ['__error', 'bad-frame'], frame);
				}
				client.send({ type: '__ping' });
				assert.equal((await client.json()).type, '__pong');
			});
		});
	});
