/**
 * Three machines, as far as the kernel can pretend: two with a server each, one with Redis, every one
 * in a network namespace of its own. The cable of one is pulled while both publish.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { node } from '../harness/paths.js';
import { start_server } from '../harness/server.js';
import { Client } from '../sockets/client.js';
import { build_site } from '../sockets/site.js';
import { eventually, Redis } from './redis.js';

const TOPIC = 'room:all';

const REDIS = `oxide-${process.pid}-redis`;
const HOSTS = [1, 2].map((n) => `oxide-${process.pid}-${n}`);

/** @param {string[]} args */
const ip = (...args) => execFileSync('ip', args, { stdio: 'pipe' });

/** Why there are no namespaces here, if there are none. */
function impossible() {
	if (process.platform !== 'linux') return 'network namespaces are of Linux';
	const probe = `oxide-${process.pid}-probe`;
	try {
		ip('netns', 'add', probe);
		try {
			ip('-n', probe, 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two');
		} finally {
			ip('netns', 'del', probe);
		}
		return undefined;
	} catch (error) {
		return `network namespaces cannot be made here: ${/** @type {Error} */ (error).message}`;
	}
}

const reason = impossible();
if (reason !== undefined) {
	const bar = '!'.repeat(78);
	console.warn(`${bar}\n!! Two hosts were not tested: ${reason}\n${bar}`);
}

/** @param {number} n */
const cable = (n) => ({ here: `10.231.${n}.2`, redis: `10.231.${n}.1`, name: `redis${n}` });

/** @param {import('node:test').TestContext} t */
function lay_cables(t) {
	t.after(() => {
		for (const name of [REDIS, ...HOSTS]) ip('netns', 'del', name);
	});
	for (const name of [REDIS, ...HOSTS]) {
		ip('netns', 'add', name);
		ip('-n', name, 'link', 'set', 'lo', 'up');
	}
	for (const [index, host] of HOSTS.entries()) {
		const { here, redis, name } = cable(index + 1);
		ip('-n', REDIS, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'net', 'netns', host);
		ip('-n', REDIS, 'addr', 'add', `${redis}/24`, 'dev', name);
		ip('-n', host, 'addr', 'add', `${here}/24`, 'dev', 'net');
		ip('-n', REDIS, 'link', 'set', name, 'up');
		ip('-n', host, 'link', 'set', 'net', 'up');
	}
}

/**
 * A server in a namespace, spoken to through a Unix socket, which belongs to none
 * @param {import('node:test').TestContext} t
 * @param {number} n
 * @param {string} folder
 */
async function host(t, n, folder) {
	const program = path.join(folder, `node-${n}`);
	const inside = ['ip', 'netns', 'exec', HOSTS[n - 1], node].join(' ');
	fs.writeFileSync(program, `#!/bin/sh\nexec ${inside} "$@"\n`, { mode: 0o755 });
	const socket = path.join(folder, `${n}.sock`);
	const server = await start_server({
		build: await build_site(),
		node: program,
		env: {
			SOCKET_PATH: socket,
			ORIGIN: 'http://site.test',
			WEBSOCKET_UPGRADE_RATE_LIMIT: '0',
			REDIS_URL: `redis://${cable(n).redis}:6379`
		}
	});
	t.after(() => server.stop());

	/**
	 * @param {string} name
	 * @param {...unknown} args
	 * @returns {Promise<any>}
	 */
	const hub = (name, ...args) =>
		new Promise((resolve, reject) => {
			const headers = { 'content-type': 'application/json' };
			const options = { socketPath: socket, path: '/hub', method: 'POST', headers };
			const request = http.request(options, async (response) => {
				let body = '';
				for await (const chunk of response) body += chunk;
				resolve(JSON.parse(body).result);
			});
			request.once('error', reject);
			request.end(JSON.stringify({ name, args }));
		});

	const open = async () => {
		const ws = new WebSocket(`ws+unix:${socket}:/ws`);
		const client = new Client(ws);
		await new Promise((resolve, reject) => {
			ws.once('open', resolve);
			ws.once('error', reject);
		});
		await client.wish({ type: '__subscribe', id: 1, topic: TOPIC });
		return client;
	};
	return { ...server, hub, open };
}

test('two hosts and a cable that is pulled', { skip: reason, timeout: 120_000 }, async (t) => {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'oxide-hosts-'));
	t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
	lay_cables(t);
	const redis = new Redis(
		['--port', '6379', '--protected-mode', 'no'],
		[...['ip', 'netns', 'exec', REDIS]]
	);
	t.after(() => redis.kill());
	await redis.start();
	const hosts = [await host(t, 1, folder), await host(t, 2, folder)];
	for (const server of hosts) await server.says('hub joined');
	const clients = await Promise.all(hosts.map((server) => server.open()));
	for (const server of hosts) {
		const look = () => server.hub('count', TOPIC);
		await eventually(look, (count) => count === 2, 'two have the topic');
	}

	let n = 0;
	const publish = async () => {
		for (const [from, server] of hosts.entries()) {
			await server.hub('publish', TOPIC, { from, n });
		}
		n += 1;
	};
	for (let i = 0; i < 20; i += 1) await publish();
	ip('-n', HOSTS[0], 'link', 'set', 'net', 'down');
	for (let i = 0; i < 20; i += 1) await publish();
	await hosts[0].says('redis is gone', 30_000);
	for (let i = 0; i < 20; i += 1) await publish();
	ip('-n', HOSTS[0], 'link', 'set', 'net', 'up');
	await hosts[0].says('redis is back', 30_000);
	for (let i = 0; i < 20; i += 1) await publish();

	for (const client of clients) {
		const next = [0, 0];
		while (next.some((got) => got < n)) {
			const { topic, data } = await client.json();
			if (topic !== TOPIC) continue;
			assert.equal(data.n, next[data.from], `of ${data.from}`);
			next[data.from] += 1;
		}
	}
	for (const server of hosts) {
		const look = () => server.hub('count', TOPIC);
		await eventually(look, (count) => count === 2, 'two have the topic again');
	}
});
