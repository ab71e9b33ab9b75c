/**
 * A browser's own `EventSource` on the hub's topics: what it is told, that it comes again by itself
 * and has missed nothing then, and which pages it may be read by.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { start_site } from '../sockets/site.js';
import { PATIENCE } from '../harness/patience.js';
import { launch, watch } from './chromium.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../sockets/site.js').Site} */
let site;
/** Two other sites, the second of which is nobody's friend. @type {http.Server[]} */
const others = [];
/** @type {string[]} */
const hosts = [];

before(async () => {
	browser = await launch();
	for (let at = 0; at < 2; at += 1) {
		const other = http.createServer((_request, response) => {
			response.setHeader('content-type', 'text/html').end('<title>x</title>');
		});
		await once(other.listen(0, '127.0.0.1'), 'listening');
		others.push(other);
		const { port } = /** @type {import('node:net').AddressInfo} */ (other.address());
		hosts.push(`127.0.0.1:${port}`);
	}
	site = await start_site({
		env: {
			WEBSOCKET_PUBLIC_TOPICS: 'news,sport',
			WEBSOCKET_REPLAY_SIZE: '100',
			WEBSOCKET_ALLOWED_ORIGINS: `http://${hosts[0]}`
		}
	});
});

after(async () => {
	await browser?.close();
	await site?.stop();
	for (const other of others) {
		other.closeAllConnections();
		other.close();
	}
});

/**
 * A page that listens to a stream
 * @param {string} host of the page
 * @param {string} target of the stream
 * @param {EventSourceInit} [options]
 */
async function listen(host, target, options) {
	const page = await browser.newPage();
	const troubles = watch(page);
	await page.goto(`http://${host}/`);
	await page.evaluate(([url, init]) => {
		/** @type {any[]} */
		const heard = [];
		const source = new EventSource(url, init);
		source.onmessage = ({ data, lastEventId }) => {
			heard.push({ ...JSON.parse(data), lastEventId });
		};
		source.addEventListener('binary', ({ data }) => heard.push({ type: 'binary', data }));
		Object.assign(window, { heard, source });
	}, /** @type {[string, EventSourceInit | undefined]} */ ([target, options]));
	return { page, troubles };
}

/**
 * What it has heard, once that is so much
 * @param {Page} page
 * @param {number} count
 * @returns {Promise<any[]>}
 */
async function heard(page, count) {
	await page.waitForFunction((count) => /** @type {any} */ (window).heard.length >= count, count, {
		timeout: PATIENCE
	});
	return page.evaluate(() => /** @type {any} */ (window).heard);
}

test('hears its topics, comes again by itself and has missed nothing', async () => {
	const { page, troubles } = await listen(
		`127.0.0.1:${site.port}`,
		'/echo/sse?topic=news&topic=sport'
	);
	const [one, two] = await heard(page, 2);
	assert.deepEqual([one.type, one.topic, one.resumed], ['__subscribed', 'news', null]);
	assert.equal(two.topic, 'sport');
	await site.hub('publish', 'news', { n: 1 });
	assert.equal((await heard(page, 3))[2].data.n, 1);
	const [{ id }] = await site.hub('peers');
	await site.hub('disconnect', id, 1012, 'again');
	assert.deepEqual((await heard(page, 4))[3].type, '__close');
	await site.hub('publish', 'sport', { n: 2 });
	await site.hub('publish', 'news', { n: 3 });
	const all = await heard(page, 8);
	assert.deepEqual(
		all.slice(4).map(({ type, resumed, data }) => resumed ?? data?.n ?? type),
		[true, true, 2, 3]
	);
	assert.deepEqual(
		troubles.filter((trouble) => !trouble.includes('favicon')),
		[]
	);
	await page.evaluate(() => /** @type {any} */ (window).source.close());
	await page.close();
});

test('a page of another origin reads it only if it is named, and then with cookies', async () => {
	const target = `http://127.0.0.1:${site.port}/echo/sse?topic=news`;
	const friend = await listen(hosts[0], target, { withCredentials: true });
	const [{ type }] = await heard(friend.page, 1);
	assert.equal(type, '__subscribed');
	await friend.page.close();

	const stranger = await listen(hosts[1], target);
	await stranger.page.waitForFunction(
		() => /** @type {any} */ (window).source.readyState === EventSource.CLOSED
	);
	assert.deepEqual(await stranger.page.evaluate(() => /** @type {any} */ (window).heard), []);
	await stranger.page.close();
});
