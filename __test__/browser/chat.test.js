/**
 * The example chat in Chromium, two visitors at a time, built and in development: what one says the other reads, both
 * see who is there, a reload shows what was said, and neither a lost connection nor new
 * workers lose anything.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { repository } from '../harness/paths.js';
import { build_project, free_port } from '../harness/project.js';
import { start_server } from '../harness/server.js';
import { launch, watch } from './chromium.js';
import { PATIENCE } from '../harness/patience.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../harness/server.js').RunningServer} RunningServer */

const vite_server = path.join(repository, '__test__/sockets/vite-server.js');

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {string} */
let build;

before(async () => {
	browser = await launch();
	build = await build_project('chat', path.join(repository, 'examples/chat'));
});

after(() => browser?.close());

/**
 * Waits until SvelteKit has taken over the page: what is typed before may be overwritten
 * @param {Page} page
 */
function started(page) {
	return page.waitForFunction(() => history.scrollRestoration === 'manual');
}

/** Everything one visitor has: cookies, a page, and its sockets. */
class Visitor {
	/** @type {import('playwright-core').WebSocket[]} */
	sockets = [];

	/**
	 * @param {string} name
	 * @param {import('playwright-core').BrowserContext} context
	 * @param {Page} page
	 */
	constructor(name, context, page, scripted = true) {
		this.name = name;
		this.scripted = scripted;
		this.context = context;
		this.page = page;
		this.troubles = watch(page);
		page.setDefaultTimeout(PATIENCE);
		page.on('websocket', (socket) => {
			// Vite has one of its own
			if (new URL(socket.url()).pathname === '/ws') this.sockets.push(socket);
		});
	}

	/** @param {string} name @param {boolean} [scripted] whether its browser runs JavaScript */
	static async come(name, scripted = true) {
		const context = await browser.newContext({ javaScriptEnabled: scripted });
		return new Visitor(name, context, await context.newPage(), scripted);
	}

	/** @param {string} origin @param {string} room */
	async enter(origin, room) {
		await this.page.goto(origin);
		if (this.scripted) await started(this.page);
		await this.page.getByLabel('Name').fill(this.name);
		await this.page.getByLabel('Room').fill(room);
		await this.page.getByRole('button', { name: 'Enter' }).click();
		await this.page.getByRole('heading', { name: room, exact: true }).waitFor();
	}

	get field() {
		return this.page.getByRole('textbox', { name: 'Message' });
	}

	/** @param {string} status */
	connection(status) {
		return this.page.getByTestId('status').filter({ hasText: status }).waitFor();
	}

	/** @param {...string} names */
	async sees(...names) {
		await this.page.waitForFunction((wanted) => {
			const shown = document.querySelector('[data-testid=people]')?.textContent ?? '';
			return shown.split(', ').sort().join() === wanted;
		}, names.sort().join());
	}

	/** @param {string} text */
	async says(text) {
		await this.field.fill(text);
		await this.page.getByRole('button', { name: 'Say' }).click();
		await this.reads(this.name, text);
		// the socket may be sooner than the answer, with which the form is emptied
		await this.page.waitForFunction(() => {
			const field = document.querySelector('input[name=text]');
			return field instanceof HTMLInputElement && field.value === '';
		});
	}

	/** @param {string} author @param {string} text */
	async reads(author, text) {
		await this.page
			.getByRole('listitem')
			.filter({ hasText: new RegExp(`^\\s*${author}\\s+${text}\\s*$`) })
			.waitFor();
	}

	/** Everything that stands there, in order. */
	async messages() {
		const texts = await this.page.getByRole('listitem').allTextContents();
		return texts.map((text) => text.trim().replace(/\s+/g, ' '));
	}
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ server: RunningServer, origin: string }>}
 */
async function start_build(env) {
	const port = await free_port();
	const origin = `http://127.0.0.1:${port}`;
	const server = await start_server({ build, env: { PORT: String(port), ORIGIN: origin, ...env } });
	return { server, origin };
}

/** @type {typeof start_build} */
async function start_dev(env) {
	const server = await start_server({
		build: path.dirname(build),
		entry: vite_server,
		env: { MODE: 'dev', ...env },
		stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
		timeout: 2 * PATIENCE
	});
	const origin = `http://127.0.0.1:${server.port}`;
	// what Vite finds only with the first visit makes it reload the page
	const first = await Visitor.come('First');
	await first.enter(origin, 'lobby');
	await first.connection('open');
	await first.context.close();
	return { server, origin };
}

// `whole`: what is the same wherever the app runs is tried there alone
for (const { what, start, env, whole } of [
	{ what: 'one worker in the main thread', start: start_build, env: {}, whole: true },
	{ what: 'two workers', start: start_build, env: { CLUSTER_WORKERS: '2' }, whole: false },
	{ what: '`vite dev`', start: start_dev, env: {}, whole: false }
]) {
	describe(`with ${what}`, () => {
		/** @type {RunningServer} */
		let server;
		/** @type {string} */
		let origin;
		/** @type {string} */
		let folder;
		/** @type {Visitor[]} */
		let visitors;
		let rooms = 0;
		/** @type {string} a room of its own for each test */
		let room;

		before(async () => {
			folder = fs.mkdtempSync(path.join(os.tmpdir(), 'oxide-chat-'));
			const CHAT_DB = path.join(folder, 'chat.db');
			({ server, origin } = await start({ CHAT_DB, ...env }));
		});
		after(async () => {
			await server?.stop();
			fs.rmSync(folder, { recursive: true, force: true });
		});
		beforeEach(() => {
			visitors = [];
			room = `room-${++rooms}`;
		});
		afterEach(async () => {
			for (const { context } of visitors) await context.close();
		});

		/** @param {string} name */
		async function come(name) {
			const visitor = await Visitor.come(name);
			visitors.push(visitor);
			await visitor.enter(origin, room);
			await visitor.connection('open');
			await visitor.sees(...visitors.map(({ name }) => name));
			return visitor;
		}

		test('what one says the other reads, once', async () => {
			const ann = await come('Ann');
			const bob = await come('Bob');
			await ann.says('hello');
			await bob.reads('Ann', 'hello');
			await bob.says('hello yourself');
			await ann.reads('Bob', 'hello yourself');
			for (const visitor of visitors) {
				assert.deepEqual(await visitor.messages(), ['Ann hello', 'Bob hello yourself']);
				assert.equal(visitor.sockets.length, 1);
				assert.deepEqual(visitor.troubles, []);
			}
		});

		test('who is there is seen by all, over several tabs, and who leaves', async () => {
			const ann = await come('Ann');
			const bob = await come('Bob');
			await ann.sees('Ann', 'Bob');

			const tab = await bob.context.newPage();
			tab.setDefaultTimeout(PATIENCE);
			await tab.goto(`${origin}/${room}`);
			const open = tab.getByTestId('status').filter({ hasText: 'open' });
			await open.waitFor();
			await bob.page.close();
			// by the time a message has come and gone, so had a notice that he left
			await ann.says('still there');
			await tab.getByRole('listitem').filter({ hasText: 'still there' }).waitFor();
			await ann.sees('Ann', 'Bob');
			await tab.close();
			await ann.sees('Ann');
			assert.deepEqual(ann.troubles, []);
		});

		test('somebody who writes is seen writing', async () => {
			const ann = await come('Ann');
			const bob = await come('Bob');
			await ann.field.pressSequentially('h');
			await bob.page.getByText('Ann is writing').waitFor();
			assert.equal(await ann.page.getByText('is writing').count(), 0);
		});

		test('a reload shows what was said, and nothing is lost around it', async () => {
			const ann = await come('Ann');
			const bob = await come('Bob');
			await ann.says('before');
			await bob.reads('Ann', 'before');
			await Promise.all([bob.page.reload(), ann.says('meanwhile')]);
			await bob.reads('Ann', 'before');
			await bob.reads('Ann', 'meanwhile');
			await bob.connection('open');
			await bob.sees('Ann', 'Bob');
			await ann.says('after');
			await bob.reads('Ann', 'after');
			assert.deepEqual(await bob.messages(), ['Ann before', 'Ann meanwhile', 'Ann after']);
		});

		test('a network that fails: what was said meanwhile comes when it is back', async () => {
			const ann = await come('Ann');
			const bob = await come('Bob');
			await bob.context.setOffline(true);
			// Chromium's offline mode lets open sockets live: the client finds out when it asks
			await bob.page.evaluate(() => window.dispatchEvent(new Event('pagehide')));
			await ann.sees('Ann');
			await ann.says('one');
			await ann.says('two');
			await bob.context.setOffline(false);
			await bob.page.evaluate(() => window.dispatchEvent(new Event('pageshow')));
			await bob.connection('open');
			await bob.reads('Ann', 'one');
			await bob.reads('Ann', 'two');
			assert.deepEqual(await bob.messages(), ['Ann one', 'Ann two']);
			await ann.sees('Ann', 'Bob');
		});

		if (whole) {
			test('another room hears nothing of it', async () => {
				const ann = await come('Ann');
				const cy = await Visitor.come('Cy');
				visitors.push(cy);
				await cy.enter(origin, `${room}-other`);
				await cy.connection('open');
				await cy.sees('Cy');
				await ann.says('only here');
				await cy.says('only there');
				assert.deepEqual(await ann.messages(), ['Ann only here']);
				assert.deepEqual(await cy.messages(), ['Cy only there']);
			});

			test('what is said between the page’s data and its socket comes, without loading again', async () => {
				const ann = await come('Ann');
				const bob = await Visitor.come('Bob');
				visitors.push(bob);
				/** @type {() => void} */
				let connect = () => {};
				const connected = new Promise((resolve) => (connect = () => resolve(undefined)));
				await bob.page.routeWebSocket(/\/ws$/, async (socket) => {
					await connected;
					socket.connectToServer();
				});
				await ann.says('before');
				await bob.enter(origin, room);
				await started(bob.page);
				await bob.reads('Ann', 'before');
				let loads = 0;
				bob.page.on('request', (request) => (loads += Number(request.url().includes('__data'))));
				await ann.says('in between');
				assert.deepEqual(await bob.messages(), ['Ann before'], 'it has no socket yet');
				connect();
				await bob.reads('Ann', 'in between');
				await ann.says('after');
				await bob.reads('Ann', 'after');
				assert.deepEqual(await bob.messages(), ['Ann before', 'Ann in between', 'Ann after']);
				assert.equal(loads, 0);
			});

			test('a page that is left gives its socket up, and the way back finds all', async () => {
				const ann = await come('Ann');
				const bob = await come('Bob');
				await bob.page.getByRole('link', { name: 'Rooms' }).click();
				await bob.page.getByRole('heading', { name: 'Chat' }).waitFor();
				await ann.sees('Ann');
				await ann.says('while he was away');
				await bob.page.goBack();
				await bob.reads('Ann', 'while he was away');
				await ann.sees('Ann', 'Bob');
				await bob.says('back');
				await ann.reads('Bob', 'back');
			});

			test('without JavaScript one can read and speak', async () => {
				const ann = await come('Ann');
				const plain = await Visitor.come('Plain', false);
				visitors.push(plain);
				await plain.enter(origin, room);
				await plain.says('from a form');
				await ann.reads('Plain', 'from a form');
				assert.deepEqual(plain.sockets, []);
				assert.deepEqual(plain.troubles, []);
			});
		}

		if ('CLUSTER_WORKERS' in env) {
			test('new workers: no socket notices', async () => {
				const ann = await come('Ann');
				const bob = await come('Bob');
				for (let round = 1; round <= 3; round++) {
					const restarts = () => server.output().split('all workers restarted').length - 1;
					const before = restarts();
					server.signal('SIGHUP');
					// in the middle of it
					await ann.says(`during ${round}`);
					await bob.reads('Ann', `during ${round}`);
					await server.until(() => restarts() > before, 'all workers restarted');
					await bob.says(`after ${round}`);
					await ann.reads('Bob', `after ${round}`);
				}
				const all = [1, 2, 3].flatMap((n) => [`Ann during ${n}`, `Bob after ${n}`]);
				for (const visitor of visitors) {
					assert.deepEqual(await visitor.messages(), all);
					await visitor.sees('Ann', 'Bob');
					assert.equal(visitor.sockets.length, 1, 'the socket was opened again');
					assert.equal(visitor.sockets[0].isClosed(), false);
					assert.deepEqual(visitor.troubles, []);
				}
			});
		}
	});
}
