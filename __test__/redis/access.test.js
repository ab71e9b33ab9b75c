/** How Redis is reached: passwords, TLS, sockets, names, and what is said where it is not reached. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { free_port } from '../harness/project.js';
import { start_failing } from '../harness/server.js';
import { Client } from '../sockets/client.js';
import { build_site, start_site } from '../sockets/site.js';
import { eventually, joined, Redis } from './redis.js';

const TOPIC = 'room:all';

/**
 * @param {import('node:test').TestContext} t
 * @param {NodeJS.ProcessEnv} env
 */
async function site_of(t, env) {
	const site = await start_site({ env });
	t.after(() => site.stop());
	return site;
}

/** @param {import('node:test').TestContext} t */
function folder_of(t) {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'oxide-redis-'));
	t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
	return folder;
}

/**
 * What one publishes comes to a client of the other
 * @param {import('./redis.js').Site[]} sites
 */
async function goes_across([one, two]) {
	const client = await Client.open(two);
	await client.wish({ type: '__subscribe', id: 1, topic: TOPIC });
	await one.hub('publish', TOPIC, 'across');
	assert.equal(await client.next(), 'across');
	await client.leave();
}

test('a password is given and never told', async (t) => {
	const redis = await Redis.start(['--requirepass', 'open-sesame']);
	t.after(() => redis.kill());
	const good = redis.url.replace('//', '//default:open-sesame@');
	const sites = [await site_of(t, { REDIS_URL: good }), await site_of(t, { REDIS_URL: good })];
	await joined(sites);
	await goes_across(sites);
	const wrong = await site_of(t, { REDIS_URL: redis.url.replace('//', '//:open-barley@') });
	await wrong.happens('redis is gone');
	const { stats } = await wrong.observe();
	assert.deepEqual([stats.redis_up, stats.redis_outages], [0, 1]);
	for (const site of [...sites, wrong]) assert.doesNotMatch(site.output(), /open-/);
});

test('a URL that is none is a mistake, said without its password', async () => {
	const build = await build_site();
	const env = { REDIS_URL: 'rediss//someone:open-sesame@host' };
	const { code, output } = /** @type {any} */ (await start_failing({ build, env }));
	assert.equal(code, 1);
	assert.match(output, /REDIS_URL/);
	assert.match(output, /redis:\/\/user:password@host:6379/);
	assert.doesNotMatch(output, /open-sesame/);
});

test('a server starts without Redis and joins once it is there', async (t) => {
	const port = await free_port();
	const env = { REDIS_URL: `redis://127.0.0.1:${port}` };
	const sites = [await site_of(t, env), await site_of(t, env)];
	for (const site of sites) {
		await site.happens('redis is gone');
		const ready = await fetch(`http://127.0.0.1:${site.port}/readiness`);
		assert.equal(ready.status, 200);
	}
	const client = await Client.open(sites[0]);
	await client.wish({ type: '__subscribe', id: 1, topic: TOPIC });
	assert.equal(await sites[0].hub('publish', TOPIC, 'here'), 1);
	assert.equal(await client.next(), 'here');
	const redis = new Redis(['--port', `${port}`, '--bind', '127.0.0.1']);
	t.after(() => redis.kill());
	await redis.start();
	await joined(sites);
	await goes_across(sites);
	const lines = sites[0].output().split('redis is gone').length - 1;
	assert.equal(lines, 1, 'said once, however often it was tried');
});

test('apps with other names for their channels do not hear each other', async (t) => {
	const redis = await Redis.start();
	t.after(() => redis.kill());
	const env = { REDIS_URL: redis.url };
	const sites = [
		await site_of(t, env),
		await site_of(t, env),
		await site_of(t, { ...env, REDIS_PREFIX: 'other' })
	];
	await joined(sites.slice(0, 2), 1);
	const client = await Client.open(sites[2]);
	await client.wish({ type: '__subscribe', id: 1, topic: TOPIC });
	await goes_across(sites);
	assert.deepEqual(
		await client
			.so_far()
			.then((found) => found.map(String))
			.then(no_welcome),
		[]
	);
	await joined([sites[2]], 0);
});

/** @param {string[]} texts */
const no_welcome = (texts) => texts.filter((text) => !text.includes('"welcome"'));

test('channels are sharded where the server can, and plain in a cluster', async (t) => {
	const plain = await Redis.start();
	t.after(() => plain.kill());
	const folder = folder_of(t);
	const cluster = await Redis.start(['--cluster-enabled', 'yes', '--dir', folder]);
	t.after(() => cluster.kill());
	const slots = ['cluster', 'addslotsrange', '0', '16383'];
	execFileSync('redis-cli', ['-p', `${cluster.port}`, ...slots], { stdio: 'pipe' });
	for (const { url, sharded } of [
		{ url: plain.url, sharded: 'true' },
		{ url: cluster.url, sharded: 'false' }
	]) {
		const sites = [await site_of(t, { REDIS_URL: url }), await site_of(t, { REDIS_URL: url })];
		await sites[0].happens('joined with other hubs through redis', { sharded });
		await joined(sites);
		await goes_across(sites);
	}
});

test('through a Unix socket', async (t) => {
	const socket = path.join(folder_of(t), 'redis.sock');
	const redis = new Redis(['--port', '0', '--unixsocket', socket]);
	t.after(() => redis.kill());
	await redis.start();
	const env = { REDIS_URL: `unix://${socket}` };
	const sites = [await site_of(t, env), await site_of(t, env)];
	await joined(sites);
	await goes_across(sites);
});

test('over TLS, with a certificate that is looked at', async (t) => {
	const folder = folder_of(t);
	const at = (/** @type {string} */ name) => path.join(folder, name);
	const openssl = (/** @type {string[]} */ ...args) =>
		execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
	openssl(
		...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test'],
		...['-keyout', 'ca.key', '-out', 'ca.crt']
	);
	openssl(
		...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost'],
		...['-keyout', 'redis.key', '-out', 'redis.csr']
	);
	fs.writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
	openssl(
		...['x509', '-req', '-in', 'redis.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key'],
		...['-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'redis.crt']
	);
	const port = await free_port();
	const redis = new Redis([
		...['--port', '0', '--tls-port', `${port}`, '--bind', '127.0.0.1'],
		...['--tls-cert-file', at('redis.crt'), '--tls-key-file', at('redis.key')],
		...['--tls-ca-cert-file', at('ca.crt'), '--tls-auth-clients', 'no']
	]);
	t.after(() => redis.kill());
	await redis.start();
	const REDIS_URL = `rediss://127.0.0.1:${port}`;
	const env = { REDIS_URL, SSL_CERT_FILE: at('ca.crt') };
	const sites = [await site_of(t, env), await site_of(t, env)];
	await joined(sites);
	await goes_across(sites);
	const stranger = await site_of(t, { REDIS_URL });
	await stranger.happens('redis is gone');
	const look = async () => (await stranger.observe()).stats.redis_instances;
	await eventually(look, (count) => count === 0, 'not joined');
});
