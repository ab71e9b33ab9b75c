/**
 * `npm run demo`: the example app, built with this adapter and served by it, on a machine
 * that has Rust and Node and nothing else. Ctrl-C stops it.
 *
 *   --check      fetch a few pages, say what came, and exit (for CI)
 *   --no-build   take the addon that stands in native/
 *
 * `PORT` and `HOST` are honoured; without `PORT` it takes 3000, or any free port when that
 * one is in use.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { environment, run } from './lib/command.js';
import { main } from './lib/main.js';
import { EXAMPLE, NODE } from './lib/places.js';
import { pack } from './pack-local.js';

/** A server that has not answered by then is not going to. */
const START_LIMIT_MS = 30_000;

/**
 * Installs the app with the tarballs, as a user would, and builds it. Nothing is saved:
 * the example's own package.json and lock stay as they are committed.
 * @param {string[]} tarballs
 */
async function build_app(tarballs) {
	console.log('\nInstalling and building examples/basic');
	const quietly = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
	await run('npm', ['install', ...quietly, ...tarballs], { cwd: EXAMPLE });
	await run('npm', ['run', 'build'], { cwd: EXAMPLE });
}

/**
 * The port the demo serves on.
 * @param {string} host
 */
async function free_port(host) {
	if (process.env.PORT) return Number(process.env.PORT);
	for (const port of [3000, 0]) {
		const probe = net.createServer();
		try {
			probe.listen(port, host);
			await once(probe, 'listening');
			return /** @type {net.AddressInfo} */ (probe.address()).port;
		} catch (error) {
			if (port === 0) throw error;
		} finally {
			probe.close();
		}
	}
	throw new Error('unreachable: port 0 is always free or an error');
}

/**
 * Resolves once the app answers.
 * @param {string} url
 * @param {AbortSignal} ended aborted when the server has exited
 */
async function answers(url, ended) {
	const limit = AbortSignal.any([ended, AbortSignal.timeout(START_LIMIT_MS)]);
	for (;;) {
		try {
			const response = await fetch(url, { signal: limit });
			await response.arrayBuffer();
			return;
		} catch {
			if (ended.aborted) throw new Error('The server ended before it answered.');
			if (limit.aborted) throw new Error(`No answer from ${url} after ${START_LIMIT_MS / 1000} s.`);
			await wait(100);
		}
	}
}

/**
 * What a visitor would see first: a rendered page, its hydration script, and health.
 * @param {string} url
 */
async function check(url) {
	const page = await fetch(url);
	const html = await page.text();
	if (page.status !== 200 || !/^text\/html/.test(page.headers.get('content-type') ?? '')) {
		throw new Error(`GET / answered ${page.status} ${page.headers.get('content-type')}`);
	}
	console.log(`GET / 200, ${html.length} characters of HTML`);

	const script = /["'](\.?\/?_app\/immutable\/[^"']+\.js)["']/.exec(html)?.[1];
	if (!script) throw new Error('GET / names no script below _app/immutable/');
	for (const [path, header, pattern] of /** @type {[string, string, RegExp][]} */ ([
		[script, 'cache-control', /immutable/],
		['/health', 'content-type', /./],
		['/readiness', 'content-type', /./]
	])) {
		const response = await fetch(new URL(path, url));
		await response.arrayBuffer();
		if (response.status !== 200 || !pattern.test(response.headers.get(header) ?? '')) {
			throw new Error(
				`GET ${path} answered ${response.status}, ${header}: ${response.headers.get(header)}`
			);
		}
		console.log(`GET ${path} 200`);
	}

	const absent = await fetch(new URL('/no-such-page', url));
	await absent.arrayBuffer();
	if (absent.status !== 404) throw new Error(`GET /no-such-page answered ${absent.status}`);
	console.log('GET /no-such-page 404');
}

/**
 * Hands Ctrl-C to the server once. The terminal sends it to every process of the group and
 * npm sends it to us again, and a server that is told twice drops what it was draining.
 * @param {import('node:child_process').ChildProcess} server
 */
function pass_signals_on(server) {
	let last = -Infinity;
	for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
		process.on(signal, () => {
			const now = performance.now();
			if (now - last > 300) server.kill(signal);
			last = now;
		});
	}
}

async function demo() {
	const { values } = parseArgs({
		options: { check: { type: 'boolean' }, 'no-build': { type: 'boolean' } }
	});
	await build_app(await pack({ build: !values['no-build'] }));

	const host = process.env.HOST ?? '127.0.0.1';
	const port = await free_port(host);
	const shown = host === '127.0.0.1' ? 'localhost' : net.isIPv6(host) ? `[${host}]` : host;
	const url = `http://${shown}:${port}/`;
	// SvelteKit takes form posts from the app's own origin only, and without this the server
	// would believe itself behind a proxy that speaks https
	const origin = process.env.ORIGIN ?? new URL(url).origin;

	console.log('\nStarting node build/index.js');
	const server = spawn(NODE, ['build/index.js'], {
		cwd: EXAMPLE,
		env: environment({ HOST: host, PORT: String(port), ORIGIN: origin }),
		stdio: ['ignore', 'inherit', 'inherit'],
		// out of the terminal's reach: see pass_signals_on
		detached: true
	});
	const ended = new AbortController();
	const exit = once(server, 'exit').then(([code, signal]) => {
		ended.abort();
		return { code, signal };
	});
	pass_signals_on(server);

	try {
		await answers(url, ended.signal);
		if (values.check) await check(url);
		else console.log(`\n  ${url}\n\nThe example app is running. Ctrl-C stops it.\n`);
	} catch (error) {
		server.kill('SIGKILL');
		await exit;
		throw error;
	}
	if (values.check) server.kill('SIGTERM');

	const { code, signal } = await exit;
	if (code !== 0) throw new Error(`The server ended with ${signal ?? `exit code ${code}`}.`);
}

await main(import.meta.url, demo);
