/**
 * The demo app that `sv create` makes, with both kits: one line is changed, the one that
 * imports the adapter.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import zlib from 'node:zlib';
import { free_port } from '../harness/project.js';
import { header } from '../harness/parse.js';
import { start_server } from '../harness/server.js';
import { exchange } from '../harness/wire.js';
import { build, deploy, empty_folder, here, install, scaffold } from './app.js';

for (const { kit, add } of /** @type {const} */ ([
	{ kit: 2, add: ['--no-add-ons'] },
	{ kit: 3, add: ['--add', 'experimental=versions:kit+features:none'] }
])) {
	describe(`sv create, SvelteKit ${kit}`, { concurrency: false }, () => {
		/** @type {string} */
		let place;
		/** @type {string} */
		let app;
		/** @type {string} */
		let origin;
		/** @type {import('../harness/server.js').RunningServer} */
		let server;

		before(async () => {
			place = empty_folder();
			app = await scaffold(place, ...add);
			pin(app);
			await install(app);
			change_adapter(app);
			await build(app);

			const deployed = await deploy(app, place);
			// what the build still needed of it would be missed now
			fs.rmSync(app, { recursive: true });

			const port = await free_port();
			origin = `http://127.0.0.1:${port}`;
			server = await start_server({
				build: deployed,
				env: { PORT: String(port), ORIGIN: origin }
			});
		});
		after(async () => {
			await server?.stop();
			fs.rmSync(place, { recursive: true, force: true });
		});

		/**
		 * The versions of the lock that is committed for this kit. For SvelteKit 3, `sv` still
		 * names the tag under which it was published before its release, and an adapter-auto
		 * that was never published
		 * @param {string} folder
		 */
		function pin(folder) {
			const lock = path.join(here, `kit${kit}/package-lock.json`);
			fs.copyFileSync(lock, path.join(folder, 'package-lock.json'));
			if (kit === 2) return;
			const file = path.join(folder, 'package.json');
			const manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
			manifest.devDependencies['@sveltejs/kit'] = '^3.2.0';
			delete manifest.devDependencies['@sveltejs/adapter-auto'];
			fs.writeFileSync(file, JSON.stringify(manifest, null, '\t'));
		}

		/** @param {string} folder */
		function change_adapter(folder) {
			const file = path.join(folder, 'vite.config.js');
			const config = fs.readFileSync(file, 'utf8');
			const line = `import adapter from '@sveltejs/adapter-auto';`;
			assert.equal(config.split(line).length, 2, config);
			fs.writeFileSync(file, config.replace(line, `import adapter from 'svelte-adapter-oxide';`));
		}

		/**
		 * @param {string} target
		 * @param {Record<string, string>} [headers]
		 */
		const get = (target, headers = {}) => fetch(origin + target, { headers, redirect: 'manual' });

		/**
		 * As a browser sends a form without JavaScript
		 * @param {string} target
		 * @param {Array<[string, string]>} fields
		 * @param {Record<string, string>} [headers]
		 */
		const send_form = (target, fields, headers = {}) =>
			fetch(origin + target, {
				method: 'POST',
				body: new URLSearchParams(fields),
				headers: { origin, accept: 'text/html', ...headers },
				redirect: 'manual'
			});

		test('it is that SvelteKit', () => {
			const handoff = JSON.parse(
				fs.readFileSync(path.join(place, 'deployed/build/oxide.json'), 'utf8')
			);
			assert.equal(handoff.kit, kit);
		});

		test('nothing is installed beside the build', () => {
			const modules = path.join(place, 'deployed/node_modules');
			const names = fs.existsSync(modules) ? fs.readdirSync(modules) : [];
			assert.deepEqual(
				names.filter((name) => !name.startsWith('.')),
				[]
			);
		});

		test('the home page and every file it names', async () => {
			const page = await get('/');
			assert.equal(page.status, 200);
			const html = await page.text();
			assert.match(html, /to your new/);

			const files = new Set(
				[...html.matchAll(/(?:href|src|srcset)="(\.?\/[^"]+\.\w+)"/g)].map(([, file]) => file)
			);
			assert.ok(files.size > 5, [...files].join());
			for (const file of files) {
				const { pathname } = new URL(file, `${origin}/`);
				const response = await get(pathname);
				assert.equal(response.status, 200, pathname);
				if (pathname.includes('/immutable/')) {
					assert.match(response.headers.get('cache-control') ?? '', /immutable/, pathname);
				}
				assert.ok((await response.arrayBuffer()).byteLength > 0, pathname);
			}
		});

		test('static files, compressed where that helps', async () => {
			const robots = await get('/robots.txt');
			assert.equal(robots.status, 200);
			assert.match(await robots.text(), /User-agent/);

			const svg = await exchange(
				server,
				'GET /favicon.svg HTTP/1.1\r\nhost: a.example\r\naccept-encoding: br\r\n\r\n'
			);
			assert.equal(header(svg, 'content-type'), 'image/svg+xml');
			assert.equal(header(svg, 'content-encoding'), 'br');
			assert.match(zlib.brotliDecompressSync(svg.body).toString(), /<svg/);
		});

		test('the prerendered page', async () => {
			const file = path.join(place, 'deployed/build/prerendered/about.html');
			const page = await get('/about');
			assert.equal(page.status, 200);
			assert.equal(await page.text(), fs.readFileSync(file, 'utf8'));

			const slash = await get('/about/');
			assert.equal(slash.status, 308);
			const location = new URL(slash.headers.get('location') ?? '', `${origin}/about/`);
			assert.equal(location.pathname, '/about');
		});

		test('the game: a page, its data, and a guess sent key by key', async () => {
			const page = await get('/sverdle');
			assert.equal(page.status, 200);
			assert.match(await page.text(), /data-key="enter"/);
			const data = await get('/sverdle/__data.json');
			assert.match(data.headers.get('content-type') ?? '', /json/);
			assert.ok((await data.text()).includes('guesses'));

			let cookie = '';
			for (const key of 'crane') {
				const response = await send_form('/sverdle?/update', [['key', key]], { cookie });
				assert.equal(response.status, 200);
				[cookie] = response.headers.getSetCookie()[0].split(';');
			}
			const guess = [...'crane'].map((key) => /** @type {[string, string]} */ (['guess', key]));
			const entered = await send_form('/sverdle?/enter', guess, { cookie });
			assert.equal(entered.status, 200);
			[cookie] = entered.headers.getSetCookie()[0].split(';');
			assert.match(decodeURIComponent(cookie), /crane/);

			const after_guess = await (await get('/sverdle', { cookie })).text();
			for (const letter of 'crane') assert.match(after_guess, new RegExp(`>\\s*${letter}`));
		});

		test('a guess that is no word fails validation', async () => {
			const guess = [...'zzzzz'].map((key) => /** @type {[string, string]} */ (['guess', key]));
			const response = await send_form('/sverdle?/enter', guess);
			assert.equal(response.status, 400);
			assert.match(await response.text(), /badGuess/);
		});

		test('a form from another site is refused', async () => {
			const elsewhere = { origin: 'https://elsewhere.example' };
			const response = await send_form('/sverdle?/restart', [], elsewhere);
			assert.equal(response.status, 403);
		});

		test('a page that is not there', async () => {
			const response = await get('/no/such/page', { accept: 'text/html' });
			assert.equal(response.status, 404);
			assert.match(await response.text(), /404/);
		});

		test('SIGTERM ends it in order', async () => {
			server.signal('SIGTERM');
			assert.deepEqual(await server.ended, { code: 0, signal: null });
		});
	});
}
