/**
 * Builds run by every Node version we say they run on, whichever one built them: the addon
 * loads, both sides of the boundary work, and a signal ends the process in order. SvelteKit 3
 * needs Node 22, SvelteKit 2 runs on 20 as well. The tests of the light web objects run on
 * each of them too, as each has web objects of its own.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { run } from '../harness/command.js';
import { node_of } from '../harness/nodes.js';
import { header } from '../harness/parse.js';
import { repository } from '../harness/paths.js';
import { start_server } from '../harness/server.js';
import { statics } from '../harness/statics.js';
import { Connection, exchange, fetch_text } from '../harness/wire.js';

const origin = 'https://site.example';

for (const { major, kit } of /** @type {const} */ ([
	{ major: 20, kit: 2 },
	{ major: 22, kit: 2 },
	{ major: 22, kit: 3 },
	{ major: 24, kit: 3 },
	{ major: 26, kit: 3 }
])) {
	describe(`Node ${major}, SvelteKit ${kit}`, { concurrency: false }, () => {
		/** @type {import('../harness/server.js').RunningServer} */
		let server;
		/** @type {string} */
		let node;

		before(async () => {
			node = await node_of(major);
			const build = await build_app({ kit, adapter: 'oxide' });
			server = await start_server({ build, node, env: { ORIGIN: origin } });
		});
		after(() => server?.stop());

		/** @param {string} target */
		const get = (target) => exchange(server, `GET ${target} HTTP/1.1\r\nhost: a.example\r\n\r\n`);

		/**
		 * @param {string} target
		 * @param {string} body
		 */
		const post = (target, body) =>
			exchange(
				server,
				[
					`POST ${target} HTTP/1.1`,
					'host: a.example',
					`origin: ${origin}`,
					'content-type: application/x-www-form-urlencoded',
					`content-length: ${body.length}`,
					`\r\n${body}`
				].join('\r\n')
			);

		test('it is that Node', async () => {
			const { output } = await run(node, ['--version']);
			assert.match(output, new RegExp(`^v${major}\\.`));
		});

		test('a rendered page', async () => {
			const page = await get('/params/slug');
			assert.equal(page.status, 200);
			assert.match(header(page, 'content-type') ?? '', /^text\/html/);
			assert.match(page.body.toString(), /slug/);
		});

		test('an asset, from memory and from disk', async () => {
			for (const name of ['style.css', 'large.bin']) {
				const asset = await get(`/${name}`);
				assert.equal(asset.status, 200);
				assert.deepEqual(asset.body, Buffer.from(statics[name]));
			}
		});

		test('a prerendered page', async () => {
			const page = await get('/pre/data');
			assert.equal(page.status, 200);
			assert.match(page.body.toString(), /item 49/);
		});

		test('a form, and a body larger than what crosses in one piece', async () => {
			const form = await post('/form', 'a=1');
			assert.equal(form.status, 200);
			assert.match(form.body.toString(), /a=1/);

			const long = await post('/api/body/text', 'x'.repeat(300_000));
			assert.equal(long.status, 200);
			assert.equal(long.body.length, 300_000);
		});

		test('the web objects that differ between versions', async () => {
			for (const [how, expected] of [
				['clone', 'true a=1'],
				['rewrapped', 'POST yes a=1'],
				['form', 'a: 1'],
				['used', 'false false']
			]) {
				const response = await post(`/api/body/${how}`, 'a=1');
				assert.equal(response.body.toString(), expected, how);
			}
		});

		test('a streamed response, and one that nobody waits for any more', async () => {
			const connection = await Connection.open(server);
			connection.send('GET /api/stream/gated?key=node HTTP/1.1\r\nhost: a.example\r\n\r\n');
			await connection.sees('first');
			await fetch_text(server, '/api/gate/node');
			const response = await connection.response('GET');
			assert.equal(response?.body.toString(), 'first second');

			connection.send('GET /api/stream/infinite?key=gone HTTP/1.1\r\nhost: a.example\r\n\r\n');
			await connection.sees('again');
			connection.vanish();

			// answered in the order of events, so asking again is waiting
			const told = (/** @type {string} */ journal) =>
				journal.includes('signal aborted') && journal.includes('body cancelled');
			let journal = '';
			for (let i = 0; i < 1000 && !told(journal); i += 1) {
				journal = await fetch_text(server, '/api/journal/gone');
			}
			assert.ok(told(journal), journal);
		});

		test('SIGTERM ends it in order', async () => {
			server.signal('SIGTERM');
			assert.deepEqual(await server.ended, { code: 0, signal: null });
			assert.match(server.output(), /sveltekit:shutdown SIGTERM/);
		});
	});
}

// Node 24 is the one that runs them as a stage of their own
for (const major of [20, 22, 26]) {
	describe(`light web objects on Node ${major}`, { concurrency: false }, () => {
		const folder = path.join(repository, '__test__/web');
		for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.test.js'))) {
			test(name, async () => {
				const { code, output } = await run(await node_of(major), [path.join(folder, name)]);
				assert.equal(code, 0, output);
				assert.match(output, /\bfail 0\b/);
			});
		}
	});
}
