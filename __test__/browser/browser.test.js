/**
 * The example app in Chromium: what only a browser can tell, which is that pages come to
 * life, navigate, send forms and show a stream while it is still coming. Every page must be
 * free of console messages and failed requests.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { repository } from '../harness/paths.js';
import { build_project, free_port } from '../harness/project.js';
import { start_server } from '../harness/server.js';
import { count_documents, launch, watch } from './chromium.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../harness/server.js').RunningServer} */
let server;
/** @type {string} */
let origin;

before(async () => {
	browser = await launch();
	const build = await build_project('basic', path.join(repository, 'examples/basic'));
	const port = await free_port();
	origin = `http://127.0.0.1:${port}`;
	server = await start_server({ build, env: { PORT: String(port), ORIGIN: origin } });
});

after(async () => {
	await browser?.close();
	await server?.stop();
});

/**
 * Waits until a press of the button counts, which is when the page has come to life
 * @param {Page} page
 */
async function hydrated(page) {
	const button = page.getByRole('button', { name: /Clicked/ });
	await button.waitFor();
	await page.waitForFunction(() => {
		const counter = [...document.querySelectorAll('button')].find((element) =>
			element.textContent?.includes('Clicked')
		);
		counter?.click();
		return counter !== undefined && !counter.textContent?.includes('Clicked 0');
	});
}

/**
 * Waits until SvelteKit has taken over the links of a page without a counter. It takes over
 * the restoring of scroll positions in the same breath
 * @param {Page} page
 */
async function started(page) {
	await page.waitForFunction(() => history.scrollRestoration === 'manual');
}

/**
 * Notes the texts of the stream page in the order in which the document came to hold them,
 * from the document's very first node on
 * @param {Page} page
 */
function note_stream_texts(page) {
	return page.addInitScript(() => {
		/** @type {string[]} */
		const seen = [];
		Object.assign(window, { seen });
		new MutationObserver(() => {
			for (const selector of ['p[aria-busy]', 'p[data-later]']) {
				const text = document.querySelector(selector)?.textContent;
				if (text && !seen.includes(text)) seen.push(text);
			}
		}).observe(document, { childList: true, subtree: true, characterData: true });
	});
}

const stream_texts = ['Waiting…', 'This came a second later.'];

/** @param {Page} page @returns {Promise<string[]>} */
const seen = (page) => page.evaluate(() => /** @type {any} */ (window).seen);

describe('with JavaScript', () => {
	/** @type {import('playwright-core').BrowserContext} */
	let context;
	/** @type {Page} */
	let page;
	/** @type {string[]} */
	let troubles;

	beforeEach(async () => {
		context = await browser.newContext();
		page = await context.newPage();
		troubles = watch(page);
	});
	afterEach(() => context.close());

	test('a page is rendered, comes to life and fetches from an endpoint', async () => {
		const response = await page.goto(origin);
		assert.equal(response?.status(), 200);
		assert.match((await response?.text()) ?? '', /Rust has the socket/);
		await hydrated(page);

		await page.getByRole('button', { name: 'What time is it there?' }).click();
		await page.waitForFunction(() =>
			/^\d{4}-\d\d-\d\dT/.test(document.querySelector('output')?.textContent ?? '')
		);
		const width = await page
			.getByAltText('A crab')
			.evaluate((image) => /** @type {HTMLImageElement} */ (image).naturalWidth);
		assert.ok(width > 0, 'the image was not decoded');
		assert.deepEqual(troubles, []);
	});

	test('links lead on without a new document', async () => {
		const documents = count_documents(page);
		await page.goto(origin);
		await hydrated(page);

		for (const [link, heading] of [
			['Guestbook', 'Guestbook'],
			['About', 'About'],
			['Home', 'Rust has the socket, you have SvelteKit']
		]) {
			await page.getByRole('link', { name: link, exact: true }).click();
			await page.getByRole('heading', { name: heading }).waitFor();
		}
		await page.goBack();
		await page.getByRole('heading', { name: 'About' }).waitFor();
		assert.equal(documents.count, 1);
		assert.deepEqual(troubles, []);
	});

	test('a form is sent from the page, which stays', async () => {
		await page.goto(origin);
		await hydrated(page);
		await page.getByRole('link', { name: 'Guestbook' }).click();
		const documents = count_documents(page);

		await page.getByLabel('Name').fill('Ferris ☃');
		await page.getByLabel('Message').fill('with JavaScript');
		await page.getByRole('button', { name: 'Sign' }).click();
		await page.getByRole('status').waitFor();
		assert.equal(await page.getByRole('status').textContent(), 'Thank you, Ferris ☃!');
		await page.getByRole('listitem').filter({ hasText: 'Ferris ☃ with JavaScript' }).waitFor();
		assert.equal(documents.count, 0);
		assert.deepEqual(troubles, []);
	});

	test('a form that fails validation says so', async () => {
		await page.goto(origin);
		await hydrated(page);
		await page.getByRole('link', { name: 'Guestbook' }).click();
		await page.getByLabel('Message').fill('nobody');
		await page.getByRole('button', { name: 'Sign' }).click();
		await page.getByRole('alert').waitFor();
		assert.equal(await page.getByRole('alert').textContent(), 'Please tell your name.');
		assert.equal(await page.getByLabel('Message').inputValue(), 'nobody');
		// Chromium's account of the 400 that the action asked for
		assert.equal(troubles.length, 2);
		for (const trouble of troubles) {
			assert.match(trouble, /\b400\b/);
			assert.ok(trouble.includes(`${origin}/guestbook`), trouble);
		}
	});

	test('a streamed value comes after the page has been painted', async () => {
		await note_stream_texts(page);
		await page.goto(`${origin}/stream`);
		await page.locator('p[data-later]').waitFor();
		assert.deepEqual(await seen(page), stream_texts);

		// one of the page's own clocks against the other: the paint did not wait for the end
		// of the response
		const [painted, complete] = await page.evaluate(() => {
			const [navigation] = performance.getEntriesByType('navigation');
			const paint = performance.getEntriesByName('first-contentful-paint')[0];
			return [
				paint?.startTime,
				/** @type {PerformanceNavigationTiming} */ (navigation).responseEnd
			];
		});
		assert.ok(painted < complete, `painted at ${painted}, complete at ${complete}`);
		assert.deepEqual(troubles, []);
	});

	test('a streamed value follows a navigation in the browser too', async () => {
		await note_stream_texts(page);
		await page.goto(origin);
		await hydrated(page);
		const documents = count_documents(page);
		await page.getByRole('link', { name: 'Stream' }).click();
		await page.locator('p[data-later]').waitFor();
		assert.deepEqual(await seen(page), stream_texts);
		assert.equal(documents.count, 0);
		assert.deepEqual(troubles, []);
	});

	test('a prerendered page comes to life', async () => {
		const response = await page.goto(`${origin}/about`);
		assert.equal(response?.status(), 200);
		assert.match(response?.headers().etag ?? '', /^"/);
		const documents = count_documents(page);
		await page.getByRole('heading', { name: 'About' }).waitFor();
		await started(page);
		await page.getByRole('link', { name: 'Home' }).click();
		await hydrated(page);
		assert.equal(documents.count, 0);
		assert.deepEqual(troubles, []);
	});

	test('a page that is not there shows the error page', async () => {
		const response = await page.goto(`${origin}/missing`);
		assert.equal(response?.status(), 404);
		await page.getByRole('heading', { name: '404' }).waitFor();
		await started(page);
		await page.getByRole('link', { name: 'Back to the start' }).click();
		await hydrated(page);

		const expected = troubles.filter((trouble) => trouble.includes(`${origin}/missing`));
		assert.equal(expected.length, 2, 'the 404 and its line in the console');
		assert.deepEqual(troubles, expected);
	});
});

describe('without JavaScript', () => {
	test('pages, links and the form work', async () => {
		const context = await browser.newContext({ javaScriptEnabled: false });
		try {
			const page = await context.newPage();
			const troubles = watch(page);
			await page.goto(origin);
			await page.getByRole('link', { name: 'Guestbook' }).click();
			await page.getByLabel('Name').fill('Plain & simple');
			await page.getByLabel('Message').fill('without JavaScript');
			await page.getByRole('button', { name: 'Sign' }).click();

			await page.getByRole('status').waitFor();
			assert.equal(await page.getByRole('status').textContent(), 'Thank you, Plain & simple!');
			const entry = { hasText: 'Plain & simple without JavaScript' };
			assert.equal(await page.getByRole('listitem').filter(entry).count(), 1);
			assert.deepEqual(troubles, []);
		} finally {
			await context.close();
		}
	});
});
