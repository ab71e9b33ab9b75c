/** The two entries as an app gets them: in size, on a server, in runes, and their types. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { compileModule } from 'svelte/compiler';
import { run } from '../harness/command.js';
import { cache_folder, node, repository } from '../harness/paths.js';
import { event, open_page, settled } from './page.js';

const entry = path.join(repository, 'client/index.js');

/** @param {string} file */
const source = (file) => fs.readFileSync(path.join(repository, file), 'utf8');

test('the main entry stays under 4 KB, minified and compressed', async () => {
	const bundle = await rolldown({ input: entry, platform: 'browser' });
	const { output } = await bundle.generate({ format: 'es', minify: true });
	await bundle.close();
	assert.equal(output.length, 1);
	assert.deepEqual(output[0].imports, [], 'it depends on nothing');
	const { length } = gzipSync(output[0].code, { level: 9 });
	assert.ok(length < 4000, `${length} bytes`);
	assert.ok(length > 1000, `${length} bytes cannot be all of it`);
});

describe('on a server', () => {
	for (const [what, flags] of [
		['without WebSocket', ['--no-experimental-websocket']],
		['with WebSocket', []]
	]) {
		for (const name of ['client', 'client/svelte']) {
			test(`${name}, ${what}: values stay what they are, and nothing connects`, async () => {
				const script = `
					import * as client from 'svelte-adapter-oxide/${name}';
					if (${flags.length} && globalThis.WebSocket) throw new Error('there is a WebSocket');
					globalThis.setTimeout = globalThis.setInterval = () => { throw new Error('a timer'); };
					if (globalThis.WebSocket) globalThis.WebSocket = class { constructor() { throw new Error('a socket'); } };
					const seen = [];
					const look = (store) => {
						store.subscribe((value) => seen.push(value));
						seen.push(store.current);
					};
					const chat = client.topic('chat');
					for (const store of [
						client.status, chat, chat.state,
						client.latest('chat', 'first'), client.presence('chat'), client.count('chat', 3)
					]) look(store);
					chat.on(() => {})();
					chat.onGap(() => {});
					client.onMessage(() => {})();
					client.onRequest(() => {});
					client.reconnect();
					client.send('nobody waits for this one');
					client.request('nor for this');
					await client.send('x').catch((error) => seen.push(error.code));
					console.log(JSON.stringify(seen));
				`;
				const args = [...flags, '--input-type=module', '-e', script];
				const { code, output } = await run(node, args, { cwd: repository });
				assert.equal(code, 0, output);
				const idle = { status: 'idle', gaps: 0 };
				assert.deepEqual(JSON.parse(output), [
					...['idle', 'idle', null, null, idle, idle],
					...['first', 'first', [], [], 3, 3, 'server']
				]);
			});
		}
	}
});

describe('with runes', () => {
	const folder = cache_folder('client');
	/** @type {any} */
	let runes;
	/** @type {ReturnType<typeof open_page>} */
	let page;

	before(async () => {
		// the page stands where the one client of the entry looks for it
		page = open_page();
		Object.assign(globalThis, { the_client: page.client });
		const module = `
			import { count, latest, presence, status, topic } from '${path.join(repository, 'client/svelte.js')}';
			export { flushSync } from 'svelte';
			export function watch(read) {
				const seen = [];
				const stop = $effect.root(() => {
					$effect(() => { seen.push(read()); });
				});
				return { seen, stop };
			}
			export function switching() {
				let name = $state('one');
				const seen = [];
				const stop = $effect.root(() => {
					const current = $derived(latest(name, 'nothing'));
					$effect(() => { seen.push(name + ': ' + current.current); });
				});
				return { seen, stop, to: (next) => { name = next; } };
			}
			export { count, latest, presence, status, topic };
		`;
		const { js } = compileModule(module, { filename: 'watch.svelte.js', generate: 'client' });
		const input = path.join(folder, 'watch.js');
		fs.writeFileSync(input, js.code);
		const bundle = await rolldown({
			input,
			platform: 'browser',
			resolve: {
				conditionNames: ['browser', 'import', 'default'],
				modules: [path.join(repository, 'node_modules')]
			},
			plugins: [
				{
					name: 'one-page',
					load(id) {
						if (id !== entry) return;
						const code = source('client/index.js');
						const one = code.replace(/create_client\(.*\);/, 'globalThis.the_client;');
						assert.notEqual(one, code);
						return one;
					}
				}
			]
		});
		const file = path.join(folder, 'watch.bundle.mjs');
		await bundle.write({ format: 'es', file });
		await bundle.close();
		// Svelte looks at these when it comes to life
		Object.assign(globalThis, { window: globalThis });
		runes = await import(pathToFileURL(file).href);
	});

	after(() => {
		for (const name of ['the_client', 'window']) Reflect.deleteProperty(globalThis, name);
	});

	test('effects follow, and use what they read', async () => {
		const chat = runes.topic('chat');
		const watched = [
			runes.watch(() => runes.status.current),
			runes.watch(() => chat.latest?.data),
			runes.watch(() => chat.state.current.status),
			runes.watch(() => runes.latest('chat', 0).current),
			runes.watch(() => runes.count('chat').current)
		];
		const users = runes.presence('chat');
		watched.push(runes.watch(() => users.current.length));
		runes.flushSync();
		await settled();
		await page.socket.accept();
		await page.socket.grant('chat');
		runes.flushSync();
		for (const seq of [1, 2]) {
			await page.socket.say(event('chat', seq));
			runes.flushSync();
		}
		const [{ id }] = page.socket.frames('__presence');
		await page.socket.say({ type: '__presence', id, topic: 'chat', seq: 0, users: [{ id: 'a' }] });
		runes.flushSync();
		assert.deepEqual(watched[0].seen, ['idle', 'connecting', 'open']);
		assert.deepEqual(watched[1].seen, [undefined, 1, 2]);
		assert.deepEqual(watched[2].seen, ['pending', 'open']);
		assert.deepEqual(watched[3].seen, [0, 1, 2]);
		assert.deepEqual(watched[5].seen, [0, 1]);
		assert.equal(page.sockets.length, 1);
		assert.equal(page.socket.frames('__subscribe').length, 1);

		for (const { stop } of watched) stop();
		await page.clock.pass(5000);
		assert.equal(page.socket.closed, 1000);
		assert.equal(page.clock.running, 0);
	});

	test('another topic takes the place of the one before', async () => {
		const room = runes.switching();
		runes.flushSync();
		await settled();
		await page.socket.accept();
		await page.socket.grant('one');
		await page.socket.say(event('one', 1, 'a'));
		runes.flushSync();
		room.to('two');
		runes.flushSync();
		await settled();
		const left = page.socket.frames('__unsubscribe').map(({ topic }) => topic);
		assert.deepEqual(left, ['one']);
		await page.socket.grant('two');
		await page.socket.say(event('two', 1, 'b'));
		runes.flushSync();
		assert.deepEqual(room.seen, ['one: nothing', 'one: a', 'two: nothing', 'two: b']);
		room.stop();
	});

	test('each is still a store', async () => {
		/** @type {any[]} */
		const seen = [];
		for (const store of [runes.status, runes.topic('t'), runes.count('t', 2)]) {
			store.subscribe((/** @type {any} */ value) => seen.push(value))();
		}
		assert.deepEqual([typeof seen[0], ...seen.slice(1)], ['string', undefined, 2]);
	});
});

describe('types', () => {
	const names = (/** @type {string} */ text) =>
		[...text.matchAll(/^export (?:function|const) (\w+)/gm)].map(([, name]) => name);

	test('name what the entries export', async () => {
		const declared = [...new Set(names(source('client/index.d.ts')))].sort();
		assert.deepEqual(Object.keys(await import('svelte-adapter-oxide/client')).sort(), declared);
		const svelte = await import('svelte-adapter-oxide/client/svelte');
		assert.deepEqual(Object.keys(svelte).sort(), declared);
		assert.match(source('client/svelte.d.ts'), /^export \* from '\.\/index\.js';/m);
	});
});
