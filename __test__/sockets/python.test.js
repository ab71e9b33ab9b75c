/**
 * A client that nobody of us has written: the Python package `websockets`, which is what most Python
 * programs speak WebSocket with, and stricter than browsers are. Where there is no Python to install
 * it for, that is said aloud and the rest goes on.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clean_env, must_run } from '../harness/command.js';
import { locked } from '../harness/lock.js';
import { cache_folder } from '../harness/paths.js';
import { start_site } from './site.js';

const script = fileURLToPath(new URL('./python/client.py', import.meta.url));

/** Older ones have no `websockets.asyncio`. */
const PACKAGE = 'websockets>=14,<18';

/** @returns {Promise<string>} a Python that has the package */
function install() {
	return locked('python', async () => {
		const folder = path.join(cache_folder(), 'python-websockets');
		const python = path.join(folder, process.platform === 'win32' ? 'Scripts' : 'bin', 'python');
		const mark = path.join(folder, `installed-${PACKAGE.replace(/\W+/g, '-')}`);
		if (!fs.existsSync(mark)) {
			await must_run('python3', ['-m', 'venv', folder]);
			const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', PACKAGE];
			await must_run(python, pip);
			fs.writeFileSync(mark, '');
		}
		return python;
	});
}

/** @type {string | undefined} */
let python;
/** Why there is none. */
let missing = '';
try {
	python = await install();
} catch (error) {
	missing = /** @type {Error} */ (error).message;
	console.error(`\nThe Python package websockets cannot be installed here: ${missing}\n`);
}

/** What has to be seen, by case. */
const EXPECTED = {
	texts: [true, true, true, true],
	bytes: [true, true, true],
	fragments: [15, true, true],
	many: true,
	pings: true,
	'compression offered': { offered: true, answered: null, used: [], echoes: true },
	'no compression': { offered: false, answered: null, used: [], echoes: true },
	'subprotocol chosen': 'chat',
	'no subprotocol chosen': null,
	'says goodbye': { code: 4001, reason: "that's all ✓" },
	'is told goodbye': { code: 4003, reason: "you'd better go" },
	'too long': { code: 1009, reason: 'the message is too long' },
	'no UTF-8': { code: 1007, reason: 'a text that is not UTF-8' },
	'refused by a hook': 401,
	'refused by its origin': 403,
	'no such path': 404,
	topics: ['__subscribed', 1],
	restarts: { code: 1012, reason: 'the server restarts' }
};

const skip =
	python === undefined ? `no websockets for Python here: ${missing.slice(0, 200)}` : false;

describe('the Python package websockets', { skip, concurrency: false }, () => {
	/** @type {Map<string, unknown>} */
	const seen = new Map();
	let errors = '';

	before(async () => {
		const site = await start_site({ env: { WEBSOCKET_HEARTBEAT: '1s' } });
		try {
			const child = spawn(/** @type {string} */ (python), [script, `ws://127.0.0.1:${site.port}`], {
				env: clean_env({ PYTHONUNBUFFERED: '1' })
			});
			child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
			const exit = once(child, 'exit');
			for await (const line of createInterface({ input: child.stdout })) {
				const [name, found] = JSON.parse(line);
				if (name === 'waiting') site.signal('SIGTERM');
				else seen.set(name, found);
			}
			await exit;
		} finally {
			await site.stop();
		}
	});

	for (const [name, expected] of Object.entries(EXPECTED)) {
		test(name, () => {
			assert.ok(seen.has(name), `not reached\n${errors}`);
			assert.deepEqual(seen.get(name), expected);
		});
	}
});
