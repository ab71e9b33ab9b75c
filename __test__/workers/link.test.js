/** Deploys by a symbolic link: each release has a folder of its own, and the link moves. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { cache_folder } from '../harness/paths.js';
import { start_server } from '../harness/server.js';
import { exchange } from '../harness/wire.js';
import { get } from '../parity/case.js';
import { build_release } from './releases.js';

const supported = process.platform !== 'win32';

/** @type {Record<'one' | 'two', string>} */
let builds;
before(async () => {
	builds = { one: await build_release('one'), two: await build_release('two') };
});

/**
 * Starts the release that `current` leads to, with a pool
 * @param {import('node:test').TestContext} t
 * @param {string} entry below `current`
 */
async function start(t, entry) {
	const place = fs.mkdtempSync(path.join(cache_folder('deployed'), 'link-'));
	t.after(() => fs.rmSync(place, { recursive: true }));
	for (const [release, build] of Object.entries(builds)) {
		fs.cpSync(build, path.join(place, release, 'build'), { recursive: true });
		fs.writeFileSync(path.join(place, release, 'package.json'), '{ "type": "module" }');
	}
	const current = path.join(place, 'current');
	/** @param {string} release */
	const point = (release) => {
		const incoming = path.join(place, 'incoming');
		fs.symlinkSync(release, incoming);
		fs.renameSync(incoming, current);
	};
	point('one');
	const server = await start_server({
		build: current,
		entry,
		env: { CLUSTER_WORKERS: '2' }
	});
	t.after(() => server.stop());
	const release = async () => {
		const { status, body } = await exchange(server, get('/release'));
		assert.equal(status, 200);
		return JSON.parse(body.toString()).release;
	};
	return { server, place, point, release };
}

describe('a link to another release', { skip: !supported && 'SIGHUP is not Windows’' }, () => {
	for (const entry of ['build/index.js', 'build']) {
		test(`is followed at SIGHUP, started by ${entry}`, { timeout: 60_000 }, async (t) => {
			const { server, point, release } = await start(t, entry);
			point('two');
			assert.equal(await release(), 'one');
			server.signal('SIGHUP');
			await server.says('all workers run the new build');
			assert.equal(await release(), 'two');
		});
	}

	test('is not followed without being asked', { timeout: 60_000 }, async (t) => {
		const { server, point, release } = await start(t, 'build/index.js');
		point('two');
		server.signal('SIGTTIN');
		await server.until(
			() => server.output().split('msg="worker ready"').length === 4,
			'that there are three workers'
		);
		for (let times = 0; times < 6; times += 1) assert.equal(await release(), 'one');
	});

	test('back to the release before', { timeout: 60_000 }, async (t) => {
		const { server, place, point, release } = await start(t, 'build/index.js');
		for (const next of ['two', 'one']) {
			const before = server.output().length;
			point(next);
			server.signal('SIGHUP');
			await server.until(
				() => server.output().indexOf('all workers run the new build', before) >= 0,
				`that ${next} is taken over`
			);
			assert.equal(await release(), next);
		}
		// those who tidy up need not wait
		fs.rmSync(path.join(place, 'two'), { recursive: true });
		assert.equal(await release(), 'one');
	});
});
