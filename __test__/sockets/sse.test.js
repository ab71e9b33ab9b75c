/** Streams of server-sent events, in all modes: what they hear, and what hooks refuse them. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Client } from './client.js';
import { Stream, holds, refused } from './events.js';
import { MODES, start_mode } from './site.js';

for (const mode of MODES)
	describe(mode, { concurrency: false }, () => {
		/** @type {import('./site.js').AnySite} */
		let site;
		before(async () => {
			const env = { WEBSOCKET_REPLAY_SIZE: '100', WEBSOCKET_PUBLIC_TOPICS: 'news,pub:*' };
			site = await start_mode(mode, { env });
		});
		after(() => site?.stop());
		// a client that goes says nothing that could be waited for
		beforeEach(() => holds(async () => (await site.hub('count')) === 0));

		test('hears what is published, as a socket would', async () => {
			const stream = await Stream.open(site, '/ws/sse?topic=room:a&topic=news');
			assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8');
			assert.equal(stream.headers['cache-control'], 'no-store');
			assert.equal(stream.headers['x-accel-buffering'], 'no');
			assert.equal(stream.headers['x-hooks'], 'ws', 'what `upgrade` adds');
			assert.ok(Date.parse(stream.headers.date) > 0);
			const { data } = await stream.event('welcome');
			// Vite knows its own scheme; a server behind a proxy takes it for granted that there is TLS
			const scheme = mode === 'build' ? 'https' : 'http';
			assert.equal(data.url, `${scheme}://example.test/ws/sse?topic=room:a&topic=news`);
			const [one, two] = [await stream.json(), await stream.json()];
			assert.deepEqual([one.topic, two.topic], ['room:a', 'news']);
			assert.deepEqual([one.type, one.id, one.resumed], ['__subscribed', 0, null]);
			assert.ok(Number(stream.retry) >= 2000 && Number(stream.retry) <= 4000, `${stream.retry}`);

			const socket = await Client.open(site);
			await socket.event('welcome');
			await socket.wish({ type: '__subscribe', id: 1, topic: 'room:a' });
			assert.equal(await site.hub('publish', 'room:a', { n: 1 }), 2);
			const heard = await stream.next();
			assert.equal(heard.data, await socket.next());
			assert.equal(JSON.parse(heard.data).data.n, 1);
			assert.match(heard.id, /^[\da-f]+-\d+$/);
			assert.equal(heard.id.split('-')[0], one.epoch);

			await site.hub('publish', 'news', 'two\nlines\r\nor\rfour');
			assert.equal((await stream.next()).data, 'two\nlines\nor\nfour');
			await site.hub('publish', 'news', { type: 'typed', data: '\n' });
			assert.equal((await stream.json()).data, '\n');
			socket.send({ do: 'publish', topic: 'room:a', data: 'from a socket' });
			assert.equal((await stream.next()).data, 'from a socket');
			await socket.leave();
			stream.close();
		});

		test('is a peer like any other', async () => {
			const stream = await Stream.open(site, '/ws/sse?user=ann&topic=room:peer');
			const { data: welcome } = await stream.event('welcome');
			assert.equal(welcome.user.id, 'ann');
			await stream.event('__subscribed');
			assert.equal(await site.hub('count'), 1);
			assert.equal(await site.hub('count', 'room:peer'), 1);
			assert.deepEqual(await site.hub('presence', 'room:peer'), [
				{ id: 'ann', info: { name: 'ANN' } }
			]);
			const [peer] = await site.hub('subscribers', 'room:peer');
			assert.deepEqual([peer.id, peer.topics], [welcome.id, ['room:peer']]);
			assert.equal(peer.transport, 'sse');
			assert.equal(await site.hub('send', welcome.id, { type: 'direct' }), true);
			assert.equal((await stream.json()).type, 'direct');
			await site.hub('broadcast', 'to all');
			assert.equal((await stream.next()).data, 'to all');
			await assert.rejects(site.hub('request', welcome.id, 1), { code: 'OXIDE_HUB_ONE_WAY' });
			assert.equal(await site.hub('disconnect', welcome.id, 4001, 'enough'), true);
			assert.deepEqual(await stream.json(), { type: '__close', code: 4001, reason: 'enough' });
			await stream.end();
			await site.says(`closed ${welcome.id}: 4001 "enough"`);
			await holds(async () => (await site.hub('count')) === 0);
		});

		test('ends with its client, and `close` is told', async () => {
			const stream = await Stream.open(site, '/ws/sse?topic=room:end&user=bob');
			const { data } = await stream.event('welcome');
			await stream.event('__subscribed');
			stream.close();
			await site.says(`closed ${data.id}: 1005 "" clean=true`);
			assert.equal(await site.hub('count', 'room:end'), 0);
			assert.deepEqual(await site.hub('presence', 'room:end'), []);
		});

		test('resumes where it was, over all its topics, and nothing comes twice', async () => {
			const target = '/echo/sse?topic=room:r1&topic=room:r2';
			const first = await Stream.open(site, target);
			await first.event('__subscribed');
			await first.event('__subscribed');
			await site.hub('publish', 'room:r1', { n: 1 });
			assert.equal((await first.json()).data.n, 1);
			const { last_id } = first;
			first.close();
			await holds(async () => (await site.hub('count', 'room:r1')) === 0);
			for (const [topic, n] of /** @type {const} */ ([
				['room:r2', 2],
				['room:other', 0],
				['room:r1', 3],
				['room:r2', 4]
			])) {
				await site.hub('publish', topic, { n });
			}
			for (const again of [
				await Stream.open(site, target, { 'last-event-id': last_id }),
				await Stream.open(site, `${target}&lastEventId=${last_id}`),
				// the header is what a browser sends when it comes again
				await Stream.open(site, `${target}&lastEventId=0-0`, { 'last-event-id': last_id })
			]) {
				const told = [];
				for (let at = 0; at < 5; at += 1) told.push(await again.json());
				assert.deepEqual(
					told.map(({ type, resumed, data }) => (type === '__subscribed' ? resumed : data.n)),
					[true, true, 2, 3, 4]
				);
				again.close();
			}
		});

		test('what is no id, or that of another process, is told to be no place to resume', async () => {
			await site.hub('publish', 'room:gap', 1);
			for (const id of ['1-1', 'nonsense', '99999999999999999999', `${'f'.repeat(16)}-1`]) {
				const stream = await Stream.open(site, '/ws/sse?topic=room:gap', { 'last-event-id': id });
				assert.equal((await stream.event('__subscribed')).resumed, false, id);
				stream.close();
			}
		});

		test('begins where a page was rendered', async () => {
			await site.hub('publish', 'room:load', { n: 1 });
			const { epoch, seq, eventId } = await site.hub('position', 'room:load');
			await site.hub('publish', 'room:load', { n: 2 });
			const target = `/echo/sse?topic=room:load&lastEventId=${eventId}`;
			const stream = await Stream.open(site, target);
			assert.equal((await stream.event('__subscribed')).resumed, true);
			assert.equal((await stream.json()).data.n, 2);
			const socket = await Client.open(site, '/ws?nothing');
			const since = { epoch, seq };
			const answer = await socket.wish({ type: '__subscribe', id: 1, topic: 'room:load', since });
			assert.equal(answer.resumed, true);
			assert.equal((await socket.json()).data.n, 2);
			await socket.leave();
			stream.close();
		});

		test('more topics than are asked about at once', async () => {
			const topics = Array.from({ length: 100 }, (_, at) => `topic=room:${at}`).join('&');
			const stream = await Stream.open(site, `/ws/sse?${topics}`);
			for (let at = 0; at < 100; at += 1) {
				assert.equal((await stream.event('__subscribed')).topic, `room:${at}`);
			}
			stream.close();
		});

		test('paths of `routes` have streams too', async () => {
			const stream = await Stream.open(site, '/rooms/a%20b/sse?topic=room:b');
			assert.deepEqual((await stream.event('entered')).data, { room: 'a b' });
			await stream.event('__subscribed');
			await site.hub('publish', 'room:a b', { n: 1 });
			assert.equal((await stream.json()).data.n, 1, 'a topic that a hook gave it');
			stream.close();
		});

		test('a topic that it may not have is 403, and says why', async () => {
			for (const [topic, reason] of [
				['staff', 'staff only'],
				['vague', 'not allowed'],
				['user:eve', 'not allowed'],
				['broken', 'Internal Error']
			]) {
				const target = `/ws/sse?user=ann&topic=room:fine&topic=${topic}`;
				const { status, body, headers } = await refused(site, target);
				assert.deepEqual([status, headers['content-type']], [403, 'application/json']);
				assert.deepEqual(JSON.parse(body), {
					type: '__error',
					topic,
					code: 'forbidden',
					reason
				});
			}
			await site.says('subscribe throws on purpose');
			await site.says('1008 "staff only"');
			assert.equal(await site.hub('count', 'room:fine'), 0);
			const own = await Stream.open(site, '/ws/sse?user=ann&topic=user:ann&topic=pub:1');
			assert.equal((await own.event('__subscribed')).topic, 'user:ann');
			own.close();
		});

		test('a query that makes no sense is 400 and says what would', async () => {
			const many = Array.from({ length: 257 }, (_, at) => `topic=room:${at}`).join('&');
			for (const [query, text] of [
				['', 'Name the topics in the query, each by itself: /ws/sse?topic=news'],
				['?topics=a', 'Name the topics'],
				['?topic=', 'must not be empty'],
				['?topic=__presence:a', 'reserved'],
				['?topic=room:*', 'wildcards'],
				['?topic=a%00', 'control characters'],
				['?topic=%ff', 'not UTF-8'],
				[`?topic=${'x'.repeat(257)}`, 'at most 256 bytes'],
				[`?${many}`, 'at most 256 topics']
			]) {
				const { status, body } = await refused(site, `/ws/sse${query}`);
				assert.equal(status, 400, query);
				assert.ok(body.includes(text), body);
			}
		});

		test('what `upgrade` returns and throws is the answer', async () => {
			const denied = await refused(site, '/ws/sse?topic=news&deny=error&cookie=a');
			assert.deepEqual([denied.status, JSON.parse(denied.body).message], [401, 'who are you?']);
			assert.match(denied.headers['set-cookie'], /^seen=a;/);
			assert.equal((await refused(site, '/ws/sse?topic=news&return')).status, 409);
			const accepted = await Stream.open(site, '/ws/sse?topic=news&cookie=yes');
			assert.match(accepted.headers['set-cookie'], /^seen=yes;/);
			accepted.close();
		});
	});
