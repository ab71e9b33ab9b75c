/** Streams of server-sent events: the topics of the hub for who cannot have a socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { node } from '../harness/paths.js';
import { Connection, exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';
import { Client } from './client.js';
import { Stream, refused } from './events.js';
import { build_site, start_alone, start_site } from './site.js';

/** @typedef {import('./site.js').Site} Site */

const REPLAY = { WEBSOCKET_REPLAY_SIZE: '100' };

/**
 * Waits until something holds
 * @param {() => Promise<unknown>} check
 */
async function holds(check, limit = 10_000) {
	const until = Date.now() + limit;
	while (!(await check())) {
		if (Date.now() > until) throw new Error(`${check} does not hold`);
		await pause(20);
	}
}

describe('a stream', { concurrency: false }, () => {
	/** @type {Site} */
	let site;
	before(async () => {
		site = await start_site({ env: { ...REPLAY, WEBSOCKET_PUBLIC_TOPICS: 'news,pub:*' } });
	});
	after(() => site?.stop());

	test('hears what is published, as a socket would', async () => {
		const stream = await Stream.open(site, '/ws/sse?topic=room:a&topic=news');
		assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8');
		assert.equal(stream.headers['cache-control'], 'no-store');
		assert.equal(stream.headers['x-accel-buffering'], 'no');
		assert.equal(stream.headers['x-hooks'], 'ws', 'what `upgrade` adds');
		assert.ok(Date.parse(stream.headers.date) > 0);
		const { data } = await stream.event('welcome');
		assert.equal(data.url, 'https://example.test/ws/sse?topic=room:a&topic=news');
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
		const before = await site.hub('count');
		const stream = await Stream.open(site, '/ws/sse?user=ann&topic=room:peer');
		const { data: welcome } = await stream.event('welcome');
		assert.equal(welcome.user.id, 'ann');
		await stream.event('__subscribed');
		assert.equal(await site.hub('count'), before + 1);
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
		await holds(async () => (await site.hub('count')) === before);
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

	test('more topics than are asked about at once', async () => {
		const topics = Array.from({ length: 100 }, (_, at) => `topic=room:${at}`).join('&');
		const stream = await Stream.open(site, `/ws/sse?${topics}`);
		for (let at = 0; at < 100; at += 1) {
			assert.equal((await stream.event('__subscribed')).topic, `room:${at}`);
		}
		stream.close();
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

	test('who does not accept a stream gets none', async () => {
		const { status } = await refused(site, '/ws/sse?topic=news', { accept: 'text/html' });
		assert.equal(status, 406);
		const any = await Stream.open(site, '/ws/sse?topic=news', { accept: '*/*' });
		assert.equal(any.status, 200);
		any.close();
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

	test('paths of `routes` have streams too', async () => {
		const stream = await Stream.open(site, '/rooms/a%20b/sse?topic=room:b');
		assert.deepEqual((await stream.event('entered')).data, { room: 'a b' });
		await stream.event('__subscribed');
		await site.hub('publish', 'room:a b', { n: 1 });
		assert.equal((await stream.json()).data.n, 1, 'a topic that a hook gave it');
		stream.close();
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

test('handshakes and streams share their rate and their caps', async (t) => {
	const env = { WEBSOCKET_UPGRADE_RATE_LIMIT: '2/60s', WEBSOCKET_PUBLIC_TOPICS: 'news' };
	const site = await start_site({ env });
	t.after(() => site.stop());
	// what is none of ours costs nothing, nor does what makes no sense
	for (let at = 0; at < 5; at += 1) {
		assert.equal((await refused(site, '/elsewhere/sse')).status, 404);
		assert.equal((await refused(site, '/ws/sse')).status, 400);
	}
	assert.equal((await refused(site, '/ws/sse?topic=news&return')).status, 409);
	await (await Client.open(site)).leave();
	const { status, headers } = await refused(site, '/ws/sse?topic=news');
	assert.equal(status, 429);
	assert.ok(Number(headers['retry-after']) > 0);

	const full = await start_site({
		env: { WEBSOCKET_MAX_PEERS: '2', WEBSOCKET_PUBLIC_TOPICS: 'news' }
	});
	t.after(() => full.stop());
	const socket = await Client.open(full);
	const stream = await Stream.open(full, '/ws/sse?topic=news');
	await stream.event('__subscribed');
	assert.equal((await refused(full, '/ws/sse?topic=news')).status, 503);
	stream.close();
	await holds(async () => (await full.hub('count')) === 1);
	const next = await Stream.open(full, '/ws/sse?topic=news');
	assert.equal(next.status, 200);
	next.close();
	await socket.leave();

	const crowded = await start_site({
		env: { WEBSOCKET_MAX_PEERS_PER_ADDRESS: '1', WEBSOCKET_PUBLIC_TOPICS: 'news' }
	});
	t.after(() => crowded.stop());
	const only = await Stream.open(crowded, '/ws/sse?topic=news');
	assert.equal(only.status, 200);
	assert.equal((await refused(crowded, '/ws/sse?topic=news')).status, 429);
	only.close();
});

test('a hook that does not say whether it may: 504, and it is gone', async (t) => {
	const site = await start_site({
		env: { REQUEST_TIMEOUT: '1s' }
	});
	t.after(() => site.stop());
	assert.equal((await refused(site, '/ws/sse?topic=never')).status, 504);
	await holds(async () => (await site.hub('count')) === 0);
});

test('a worker that dies over the question: 503, and nothing is left of it', async (t) => {
	const site = await start_site();
	t.after(() => site.stop());
	const { status, body } = await refused(site, '/ws/sse?topic=room:a&topic=exit');
	assert.deepEqual([status, JSON.parse(body).code], [503, 'lost']);
	await site.complete();
	assert.equal(await site.hub('count'), 0);
	const next = await Stream.open(site, '/ws/sse?topic=room:a');
	assert.equal((await next.event('__subscribed')).topic, 'room:a');
	next.close();
});

test('a slow client is skipped, and holds nobody else back', async (t) => {
	const site = await start_site({
		env: { WEBSOCKET_MAX_QUEUED_BYTES: '64kb', WEBSOCKET_PUBLIC_TOPICS: 'news' }
	});
	t.after(() => site.stop());
	const slow = await Stream.open(site, '/echo/sse?topic=news');
	const fast = await Stream.open(site, '/echo/sse?topic=news');
	await slow.event('__subscribed');
	await fast.event('__subscribed');
	slow.socket.pause();
	const data = 'x'.repeat(32 * 1024);
	const count = 600;
	for (let n = 0; n < count; n += 1) {
		await site.hub('publish', 'news', { n, data });
		assert.equal((await fast.json()).data.n, n);
	}
	slow.socket.resume();
	await site.hub('publish', 'news', { n: 'last' });
	let heard = 0;
	let skipped = 0;
	for (;;) {
		const json = await slow.json();
		// the hook `drain` is called for a stream too
		if (json.type === 'drained') break;
		if (json.type === '__skipped') skipped += json.count;
		else heard += 1;
	}
	assert.ok(heard > 0 && heard < count, `${heard} of ${count}`);
	assert.equal(heard + skipped, count + 1);
	fast.close();
	slow.close();
});

test('silence is broken by signs of life', async (t) => {
	const site = await start_site({
		env: { WEBSOCKET_HEARTBEAT: '1s', WEBSOCKET_PUBLIC_TOPICS: 'news' }
	});
	t.after(() => site.stop());
	const stream = await Stream.open(site, '/echo/sse?topic=news');
	await stream.event('__subscribed');
	const before = stream.last_id;
	// heard by nobody here, so it only moves the order of all
	await site.hub('publish', 'room:elsewhere', 1);
	await stream.until(() => stream.last_id !== before || undefined, 'a sign of life');
	assert.equal((await site.hub('position', 'news')).eventId, stream.last_id);
	// and it goes on well beyond two of them
	await pause(2500);
	await site.hub('publish', 'news', 'still there');
	assert.equal((await stream.next()).data, 'still there');
	stream.close();
});

test('a worker that is replaced, and a deploy, are not noticed', async (t) => {
	const build = await build_site();
	const site = await start_site({ build, env: REPLAY });
	t.after(() => site.stop());
	const stream = await Stream.open(site, '/ws/sse?topic=room:a&user=ann');
	const { data } = await stream.event('welcome');
	await stream.event('__subscribed');
	const workers = (await site.status()).workers.map(({ id }) => id);
	process.kill(site.pid, 'SIGHUP');
	await site.reaches(
		({ ready, wanted, workers: now }) =>
			ready === wanted && now.length === wanted && now.every(({ id }) => !workers.includes(id))
	);
	await site.hub('publish', 'room:a', { n: 1 });
	assert.equal((await stream.json()).data.n, 1);
	assert.equal(await site.hub('count', 'room:a'), 1);
	stream.close();
	await site.says(`closed ${data.id}: 1005`);
});

test('a drain ends streams, which are asked to come again', async (t) => {
	const site = await start_site();
	t.after(() => site.stop());
	const stream = await Stream.open(site, '/ws/sse?topic=room:a');
	await stream.event('__subscribed');
	process.kill(site.pid, 'SIGTERM');
	const last = await stream.json();
	assert.deepEqual([last.type, last.code], ['__close', 1012]);
	await stream.end();
	await site.says('1012 "the server restarts"');
});

test('Node’s own EventSource hears it and comes again', async (t) => {
	const site = await start_site({ env: { ...REPLAY, WEBSOCKET_PUBLIC_TOPICS: 'news' } });
	t.after(() => site.stop());
	const script = `
		const source = new EventSource('http://127.0.0.1:${site.port}/echo/sse?topic=news');
		source.onmessage = ({ data }) => console.log(data);
		// waiting to come again keeps no process from ending
		setInterval(() => {}, 1000);
	`;
	const child = spawn(node, ['--no-warnings', '--experimental-eventsource', '-e', script]);
	t.after(() => child.kill());
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const next = async () => JSON.parse(`${(await lines.next()).value}`);
	assert.equal((await next()).resumed, null);
	await site.hub('publish', 'news', { n: 1 });
	assert.equal((await next()).data.n, 1);
	const [{ id }] = await site.hub('peers');
	await site.hub('disconnect', id, 1012);
	assert.equal((await next()).type, '__close');
	await site.hub('publish', 'news', { n: 2 });
	assert.equal((await next()).resumed, true);
	assert.equal((await next()).data.n, 2);
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
			fs.writeFileSync(path.join(app, 'src/hooks.ws.js'), `throw new Error('hooks on purpose');\n`);
		}
	});
	const site = await start_alone(build);
	t.after(() => site.stop());
	assert.equal((await refused(site, '/ws/sse?topic=news')).status, 500);
});
