/**
 * Files large enough that the kernel sends them from memory by itself: whole and in parts, to
 * readers of any speed, and never anything but what the build had.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { build_app } from '../harness/app.js';
import { cache_folder } from '../harness/paths.js';
import { header } from '../harness/parse.js';
import { start_server } from '../harness/server.js';
import { statics } from '../harness/statics.js';
import { Connection, exchange } from '../harness/wire.js';
import { get, request } from '../parity/case.js';

const large = Buffer.from(statics['large.bin']);

for (const family of ['tcp', 'unix']) {
	describe(`large files in memory, ${family}`, () => {
		/** @type {import('../harness/server.js').RunningServer} */
		let server;
		/** @type {string} a build of our own, as a test changes it */
		let folder;
		const sockets = fs.mkdtempSync(path.join(os.tmpdir(), 'oxide-large-'));

		before(async () => {
			folder = fs.mkdtempSync(path.join(cache_folder('large'), `${family}-`));
			fs.cpSync(await build_app({ kit: 3, adapter: 'oxide' }), folder, { recursive: true });
			server = await start_server({
				build: folder,
				env: {
					ASSET_MEMORY_FILE_LIMIT: '1M',
					...(family === 'unix' && { SOCKET_PATH: path.join(sockets, 'socket') })
				}
			});
		});
		after(async () => {
			await server?.stop();
			fs.rmSync(folder, { recursive: true, force: true });
			fs.rmSync(sockets, { recursive: true, force: true });
		});

		test('whole', async () => {
			const response = await exchange(server, get('/large.bin'));
			assert.equal(header(response, 'content-length'), String(large.length));
			assert.ok(response.body.equals(large));
		});

		test('HEAD has the head alone', async () => {
			const response = await exchange(server, request('HEAD', '/large.bin'));
			assert.equal(header(response, 'content-length'), String(large.length));
			assert.equal(response.body.length, 0);
		});

		for (const [start, end] of [
			[0, 0],
			[1, 40_000],
			[99_999, 399_998],
			[350_000, 399_999]
		]) {
			test(`bytes ${start} to ${end}`, async () => {
				const response = await exchange(
					server,
					get('/large.bin', { range: `bytes=${start}-${end}` })
				);
				assert.equal(response.status, 206);
				assert.ok(response.body.equals(large.subarray(start, end + 1)));
			});
		}

		test('many on one connection, to a reader that pauses', async () => {
			const connection = await Connection.open(server);
			const targets = ['/large.bin', '/tiny.txt', '/large.bin', '/large.txt', '/api/url'];
			const asked = Array.from({ length: 30 }, (_, index) => targets[index % targets.length]);
			connection.send(Buffer.concat(asked.map((target) => get(target))));
			for (const [index, target] of asked.entries()) {
				if (index % 7 === 0) {
					connection.socket.pause();
					await pause(20);
					connection.socket.resume();
				}
				const response = await connection.response();
				assert.equal(response?.status, 200, target);
				const expected = statics[target.slice(1)];
				if (expected !== undefined) assert.ok(response.body.equals(Buffer.from(expected)), target);
			}
			connection.close();
		});

		test('a client that goes away in the middle ends nothing else', async () => {
			for (let round = 0; round < 20; round++) {
				const connection = await Connection.open(server);
				connection.send(get('/large.bin'));
				await connection.sees('HTTP/1.1 200');
				connection.close();
			}
			assert.ok((await exchange(server, get('/large.bin'))).body.equals(large));
		});

		test('a file that is written over is sent as it was', async () => {
			fs.writeFileSync(path.join(folder, 'client/large.bin'), 'changed');
			assert.ok((await exchange(server, get('/large.bin'))).body.equals(large));
		});
	});
}
