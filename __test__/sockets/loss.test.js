/**
 * What gets lost when everything goes on at once: many peers, numbered messages both ways, and workers
 * that are replaced, die, and get a new build. What is published is lost to nobody, and comes twice to
 * nobody; what a peer sends is lost with a worker that died over it, and counted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { rename_build, Site as Place } from '../workers/releases.js';
import { Client } from './client.js';
import { publishing, Reader, talk, up_to } from './numbers.js';
import { build_site, start_site } from './site.js';

const PEERS = 200;

/** Of them, those who lose their connection and come again. */
const WANDERERS = 20;

const TALKERS = 20;

/** Longer than a worker that died takes to be noticed and its peers to move. */
const LOST_AFTER = 3000;

test('nobody misses what is published, nor gets it twice', { timeout: 120_000 }, async (t) => {
	const build = await build_site();
	const place = new Place(build);
	t.after(() => place.remove());
	const site = await start_site({
		build: place.build,
		env: { WEBSOCKET_REPLAY_SIZE: '10000', WEBSOCKET_REPLAY_TTL: '60s' }
	});
	t.after(() => site.stop());
	const readers = Array.from({ length: PEERS }, () => new Reader(site));
	await Promise.all(readers.map((reader) => reader.come()));

	let over = false;
	const talking = Array.from({ length: TALKERS }, () => talk(site, () => over, LOST_AFTER));
	// of those who have lost their connection just now there may be fewer
	const publisher = publishing(site, { least: PEERS - WANDERERS });

	const wanderers = readers.slice(0, WANDERERS);
	const wander = async () => {
		for (const reader of wanderers) reader.vanish();
		const before = publisher.published;
		while (publisher.published < before + 5) await pause(5);
		await Promise.all(wanderers.map((reader) => reader.come()));
	};
	for (let round = 0; round < 2; round += 1) {
		const count = site.log('all workers restarted').length + 1;
		site.signal('SIGHUP');
		await wander();
		await site.happens('all workers restarted', {}, { count });
	}
	place.swap(build, (copy) => rename_build(copy, 'the second'));
	site.signal('SIGHUP');
	await wander();
	await site.happens('all workers run the new build');
	await wander();
	over = true;
	await publisher.stop();
	const talked = await Promise.all(talking);

	const { published } = publisher;
	const expected = up_to(published);
	for (const { client } of readers) await client?.so_far();
	for (const { numbers } of readers) assert.deepEqual(numbers, [expected]);
	const echoed = talked.reduce((sum, told) => sum + told.echoed, 0);
	t.diagnostic(`${published} published to ${PEERS}, ${echoed} echoed`);
	assert.ok(published >= 15 && echoed > 0);
	// nobody died, so nothing was lost on the way in either
	assert.deepEqual(
		talked.map(({ lost, client }) => [lost, client.closed]),
		talked.map(() => [0, null])
	);
});

test('what is lost with workers that die is counted', { timeout: 120_000 }, async (t) => {
	const site = await start_site({ workers: 3 });
	t.after(() => site.stop());
	let over = false;
	const talking = Array.from({ length: TALKERS }, () => talk(site, () => over, LOST_AFTER));
	for (let deaths = 1; deaths <= 5; deaths += 1) {
		const killer = await Client.open(site);
		killer.send({ do: 'exit' });
		await site.happens('worker died', {}, { count: deaths });
		await site.complete();
		assert.equal(killer.closed, null, 'a socket went with its worker');
		killer.socket.close();
	}
	over = true;
	const talked = await Promise.all(talking);
	const lost = talked.reduce((sum, told) => sum + told.lost, 0);
	const { stats } = await site.observe();
	t.diagnostic(`${lost} of ${TALKERS} talkers' messages lost, ${stats.ws_lost} events in all`);
	// those of the killers among them
	assert.ok(lost <= stats.ws_lost - 5, `${lost} lost, ${stats.ws_lost} counted`);
	for (const { client, echoed } of talked) {
		assert.equal(client.closed, null);
		assert.ok(echoed > 0);
	}
});
