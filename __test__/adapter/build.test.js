/**
 * Whole builds of one small app by SvelteKit 2 and 3: what lies in the output, and that it runs with
 * nothing beside it but the app's production dependencies. How the server answers is tested
 * elsewhere.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { build_app, install_adapter } from '../harness/app.js';
import { must_run } from '../harness/command.js';
import { locked } from '../harness/lock.js';
import { cache_folder, node, repository } from '../harness/paths.js';
import { start_server } from '../harness/server.js';
import { platform_of } from '../../adapter/platforms.js';

const fixture = fileURLToPath(new URL('./fixture', import.meta.url));

/**
 * Builds the app next to the parity app of the same kit, whose dependencies it shares.
 * @param {2 | 3} kit
 * @returns {Promise<string>} the app's folder
 */
async function build_fixture(kit) {
	const parity = await build_app({ kit, adapter: 'oxide' });
	const shared = path.resolve(parity, '../../..');
	const app = path.join(shared, 'builds', 'adapter-fixture');

	return locked('adapter-fixture', async () => {
		fs.rmSync(app, { recursive: true, force: true });
		fs.cpSync(path.join(fixture, 'app'), app, { recursive: true });
		fs.cpSync(path.join(fixture, 'packages'), path.join(app, 'node_modules'), { recursive: true });
		if (kit === 3) fs.rmSync(path.join(app, 'svelte.config.js'));
		install_adapter(app);
		// emptied before it is written to
		fs.mkdirSync(path.join(app, 'output/here'), { recursive: true });
		fs.writeFileSync(path.join(app, 'output/here/stale'), '');

		const vite = path.join(shared, 'node_modules/vite/bin/vite.js');
		await must_run(node, [vite, 'build'], { cwd: app, env: { KIT: String(kit) } });
		return app;
	});
}

/**
 * The build as it would be deployed: alone, with other production dependencies than it was built
 * with, which shows that they are not in it.
 * @param {string} app
 */
function deploy(app) {
	const place = fs.mkdtempSync(path.join(cache_folder('deployed'), 'app-'));
	fs.cpSync(path.join(app, 'output/here'), path.join(place, 'build'), { recursive: true });
	fs.cpSync(path.join(app, 'node_modules/prod'), path.join(place, 'node_modules/prod'), {
		recursive: true
	});
	fs.writeFileSync(path.join(place, 'node_modules/prod/index.js'), `module.exports = 'run with';`);
	fs.writeFileSync(
		path.join(place, 'node_modules/prod/deep.js'),
		`module.exports = 'deep, run with';`
	);
	fs.writeFileSync(path.join(place, 'package.json'), '{ "type": "module" }');
	fs.writeFileSync(
		path.join(place, 'build/inspect.js'),
		`console.log('exports ' + Object.keys(await import('./index.js')).sort());`
	);
	return place;
}

for (const kit of /** @type {const} */ ([2, 3])) {
	describe(`SvelteKit ${kit}`, { concurrency: false }, () => {
		/** @type {string} */
		let build;
		/** @type {string} */
		let place;
		/** @type {any} */
		let handoff;
		/** @type {import('../harness/server.js').RunningServer} */
		let server;

		before(async () => {
			place = deploy(await build_fixture(kit));
			build = path.join(place, 'build');
			handoff = JSON.parse(fs.readFileSync(path.join(build, 'oxide.json'), 'utf8'));
			server = await start_server({ build, entry: 'inspect.js' });
		});

		after(async () => {
			await server?.stop();
			fs.rmSync(place, { recursive: true, force: true });
		});

		/** @param {string} url */
		const get = (url) => fetch(`http://127.0.0.1:${server.port}${url}`);

		test('the folder holds what the server needs, and nothing stale', () => {
			const top = fs.readdirSync(build).filter((name) => name !== 'inspect.js');
			assert.deepEqual(top.sort(), [
				'client',
				'handler.js',
				'index.js',
				'native',
				'oxide.js',
				'oxide.json',
				'prerendered',
				'server'
			]);
			assert.deepEqual(fs.readdirSync(path.join(build, 'native')), [
				`svelte-adapter-oxide.${platform_of()}.node`
			]);
		});

		test('the hand-off says what was built', () => {
			const { version } = JSON.parse(
				fs.readFileSync(path.join(repository, 'package.json'), 'utf8')
			);
			const { assets, aliases, prerendered, routes, build: name, ...facts } = handoff;
			assert.match(name, /^[0-9a-f-]{36}$/);
			assert.deepEqual(facts, {
				format: 1,
				package: version,
				kit,
				base: '/base',
				appPath: 'base/_app',
				origin: null,
				envPrefix: '',
				hooksWs: false,
				options: { bodyLimit: '1mb', keepAliveTimeout: 5 }
			});
			assert.deepEqual(
				assets.map(([key]) => key).filter((key) => !key.includes('/immutable/')),
				[
					'/base/.well-known/known.txt',
					'/base/_app/version.json',
					'/base/plain.html',
					'/base/style.css'
				]
			);
			assert.deepEqual(aliases, [
				['/base/plain/', '/base/plain.html'],
				['/base/plain', '/base/plain.html']
			]);
			assert.deepEqual(
				prerendered.map(([key, { file, type }]) => [key, file, type]),
				[['/base/about', 'prerendered/base/about.html', 'text/html;charset=utf-8']]
			);
		});

		test('every file it names is there, as large and with the content it says', () => {
			const entries = [...handoff.assets, ...handoff.prerendered].map(([, entry]) => entry);
			assert.ok(entries.length > 10);
			for (const { file, size, etag, br, gz, zst } of entries) {
				const content = fs.readFileSync(path.join(build, file));
				assert.equal(size, content.length, file);
				assert.equal(etag, createHash('sha256').update(content).digest('base64url'), file);
				for (const [extension, bytes, decode] of /** @type {const} */ ([
					['br', br, zlib.brotliDecompressSync],
					['gz', gz, zlib.gunzipSync],
					['zst', zst, zlib.zstdDecompressSync]
				])) {
					const variant = path.join(build, `${file}.${extension}`);
					assert.equal(fs.existsSync(variant), bytes !== undefined, variant);
					if (bytes === undefined) continue;
					assert.ok(bytes < size, variant);
					assert.equal(fs.statSync(variant).size, bytes, variant);
					assert.deepEqual(decode(fs.readFileSync(variant)), content, variant);
				}
			}
			const style = handoff.assets.find(([key]) => key === '/base/style.css')[1];
			assert.ok(style.br && style.gz && style.zst, 'style.css has all variants');
		});

		test('the routes are in the order in which SvelteKit tries them', () => {
			const brief = handoff.routes.map(({ id, methods, page, api, prerender }) =>
				[id, methods.join(), page && 'page', api && 'api', prerender && 'prerender']
					.filter(Boolean)
					.join(' ')
			);
			assert.deepEqual(brief, [
				'/ GET,POST page',
				'/about GET page prerender',
				'/(group)/items/new GET page',
				'/items/[id] GET page',
				'/order GET api',
				'/read GET,* api',
				'/[[lang]]/[...rest] GET page'
			]);
			assert.deepEqual(handoff.routes[0].config, { bodyLimit: '2mb' });
			for (const { pattern } of handoff.routes) new RegExp(pattern);
		});

		test('run-time entries and hand-off are one program', () => {
			const directory = path.join(build, 'server');
			const importers = fs
				.readdirSync(directory, { recursive: true, encoding: 'utf8' })
				.filter((file) => file.endsWith('.js'))
				.filter((file) =>
					fs.readFileSync(path.join(directory, file), 'utf8').includes('../oxide.js')
				);
			assert.ok(importers.length > 0);
			// from anywhere else `../oxide.js` would be another file
			for (const file of importers) assert.equal(path.dirname(file), '.', file);
			const polyfills = path.join(directory, 'oxide-polyfills.js');
			assert.equal(fs.existsSync(polyfills), kit === 2);
		});

		test('index.js exports what adapter-node exports', async () => {
			await server.says('exports host,path,port,server\n');
		});

		test('instrumentation runs first, then the app, and the addon is loaded after it', async () => {
			const { order, url } = await (await get('/base/order?x')).json();
			assert.equal(order[0], 'instrumentation');
			assert.match(order[1], /^hooks with late/);
			assert.equal(order[2], 'request after the addon');
			assert.equal(order.length, 3);
			assert.equal(url, '/base/order?x');
		});

		test('only production dependencies are left out of the bundle', async () => {
			const html = await (await get('/base')).text();
			const json = /<pre>(.*?)<\/pre>/s.exec(html)?.[1].replaceAll('&quot;', '"') ?? html;
			assert.deepEqual(JSON.parse(json), {
				esm: 3,
				cjs: 'cjs',
				cjs_at_call: 'cjs and run with',
				cjs_optional: 'absent',
				json: 'hello from json',
				prod: 'run with',
				deep: 'deep, run with',
				mode: 'production',
				is_file: true
			});
		});

		test('read() finds its file', async () => {
			assert.equal(await (await get('/base/read')).text(), 'read at run time\n');
		});

		test('source maps lead to the sources', () => {
			const directory = path.join(build, 'server');
			const sources = fs
				.readdirSync(directory, { recursive: true, encoding: 'utf8' })
				.filter((file) => file.endsWith('.js.map'))
				.flatMap((file) => JSON.parse(fs.readFileSync(path.join(directory, file), 'utf8')).sources);
			assert.ok(
				sources.some((source) => /src\/routes\/order\/\+server\.js$/.test(source)),
				sources.join('\n')
			);
		});
	});
}
