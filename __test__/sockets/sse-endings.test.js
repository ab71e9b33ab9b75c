/** Streams of server-sent events when what serves them ends: the stream, a worker, a build, the process. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { node } from '../harness/paths.js';
import { rename_build, Site as Place } from '../workers/releases.js';
import { Stream, refused } from './events.js';
import { build_site, start_site } from './site.js';

describe('a stream and the end of', { concurrency: false }, () => {
	/** @type {string} */
	let build;
	/** @type {Place} */
	let place;
	/** @type {import('./site.js').Site} */
	let site;
	before(async () => {
		build = await build_site();
		place = new Place(build);
		const env = { WEBSOCKET_REPLAY_SIZE: '100', WEBSOCKET_PUBLIC_TOPICS: 'news' };
		site = await start_site({ build: place.build, env });
	});
	after(async () => {
		await site?.stop();
		place?.remove();
	});

	test('itself: Node’s own EventSource comes again', async (t) => {
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

	test('a worker, and of a build: it notices neither', async () => {
		const stream = await Stream.open(site, '/ws/sse?topic=room:a&user=ann');
		const { data } = await stream.event('welcome');
		await stream.event('__subscribed');
		const hear = async (/** @type {number} */ n) => {
			assert.equal(await site.hub('publish', 'room:a', { n }), 1);
			assert.equal((await stream.json()).data.n, n);
		};
		site.signal('SIGHUP');
		await site.happens('all workers restarted');
		await hear(1);
		place.swap(build, (copy) => rename_build(copy, 'the second'));
		site.signal('SIGHUP');
		await site.happens('all workers run the new build');
		await hear(2);
		stream.close();
		await site.says(`closed ${data.id}: 1005`);
	});

	test('a worker that dies over whether it may: 503, and nothing is left of it', async () => {
		const { status, body } = await refused(site, '/ws/sse?topic=room:a&topic=exit');
		assert.deepEqual([status, JSON.parse(body).code], [503, 'lost']);
		await site.complete();
		assert.equal(await site.hub('count', 'room:a'), 0);
		const next = await Stream.open(site, '/ws/sse?topic=room:a');
		assert.equal((await next.event('__subscribed')).topic, 'room:a');
		next.close();
	});

	test('the process: it is asked to come again', async () => {
		const stream = await Stream.open(site, '/ws/sse?topic=room:a');
		await stream.event('__subscribed');
		site.signal('SIGTERM');
		const last = await stream.json();
		assert.deepEqual([last.type, last.code], ['__close', 1012]);
		await stream.end();
		await site.says('1012 "the server restarts"');
	});
});
