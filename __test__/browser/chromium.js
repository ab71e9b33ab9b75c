/**
 * Chromium as Debian packages it, and pages that keep an account of everything that went
 * wrong in them.
 */
import fs from 'node:fs';
import { chromium } from 'playwright-core';

const executable = '/usr/bin/chromium';

/** Every launch has a profile folder of its own, which Playwright deletes afterwards */
export function launch() {
	if (!fs.existsSync(executable)) {
		throw new Error(`${executable} is missing: apt-get install chromium`);
	}
	return chromium.launch({
		executablePath: executable,
		headless: true,
		args: [
			'--no-sandbox',
			'--disable-gpu',
			// there is no HTTP/3 here, and looking for it only adds noise
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync'
		]
	});
}

/**
 * Failures that are the browser's own doing: it reports a fetch that a script has read to its
 * end by a reader as aborted now and then, whatever the server, and preloads of scripts as
 * blocked where scripts are switched off. A server that breaks off or answers short is
 * reported by other names
 */
const own_doing = new Set(['net::ERR_ABORTED', 'csp']);

/**
 * @param {import('playwright-core').Page} page
 * @returns {string[]} grows as things go wrong
 */
export function watch(page) {
	/** @type {string[]} */
	const troubles = [];
	page.on('console', (message) => {
		if (!['error', 'warning'].includes(message.type())) return;
		const where = message.location().url;
		troubles.push(`console ${message.type()}: ${message.text()} (${where})`);
	});
	page.on('pageerror', (error) => troubles.push(`uncaught: ${error.message}`));
	page.on('requestfailed', (request) => {
		const reason = request.failure()?.errorText ?? 'for no reason given';
		if (!own_doing.has(reason)) troubles.push(`failed: ${request.url()} ${reason}`);
	});
	page.on('response', (response) => {
		if (response.status() >= 400) troubles.push(`${response.status()}: ${response.url()}`);
	});
	return troubles;
}

/**
 * Counts the documents a page has asked for: a navigation that SvelteKit did in the browser
 * asks for none
 * @param {import('playwright-core').Page} page
 */
export function count_documents(page) {
	const documents = { count: 0 };
	page.on('request', (request) => {
		if (request.isNavigationRequest()) documents.count += 1;
	});
	return documents;
}
