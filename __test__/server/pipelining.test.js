/**
 * Requests sent without waiting for answers: replies leave together, in order, and none waits
 * for a later one's worker.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { start_server } from '../harness/server.js';
import { statics } from '../harness/statics.js';
import { Connection, fetch_text } from '../harness/wire.js';
import { get, post } from '../parity/case.js';

describe('pipelining', () => {
	/** @type {import('../harness/server.js').RunningServer} */
	let server;
	before(async () => {
		server = await start_server({ build: await build_app({ kit: 3, adapter: 'oxide' }) });
	});
	after(() => server?.stop());

	test('a reply that is ready does not wait for one that is not', async () => {
		const connection = await Connection.open(server);
		const key = 'pipelined';
		connection.send(
			Buffer.concat([get('/tiny.txt'), get('/api/url'), get(`/api/wait/${key}`), get('/tiny.txt')])
		);
		assert.equal((await connection.response())?.body.toString(), statics['tiny.txt']);
		assert.equal((await connection.response())?.status, 200);
		await fetch_text(server, `/api/gate/${key}`);
		assert.equal((await connection.response())?.body.toString(), `waited for ${key}`);
		assert.equal((await connection.response())?.body.toString(), statics['tiny.txt']);
		connection.close();
	});

	test('a client that reads nothing for a while gets all of it, in order', async () => {
		const connection = await Connection.open(server);
		connection.socket.pause();
		const targets = ['/tiny.txt', '/large.txt', '/plain.txt'];
		const asked = Array.from({ length: 120 }, (_, index) => targets[index % 3]);
		connection.send(Buffer.concat(asked.map((target) => get(target))));
		// until the server can write no more
		await fetch_text(server, '/tiny.txt');
		connection.socket.resume();
		for (const target of asked) {
			const response = await connection.response();
			assert.equal(response?.status, 200);
			assert.ok(response.body.equals(Buffer.from(statics[target.slice(1)])), target);
		}
		connection.close();
	});

	test('bodies that look like the end of a head delay nothing', async () => {
		const connection = await Connection.open(server);
		for (let round = 0; round < 3; round++) {
			connection.send(post('/api/body/text', '\r\n\r\n\r\n\r\na\n\nb\n\n'));
			assert.equal((await connection.response('POST'))?.status, 200);
			connection.send(get('/tiny.txt'));
			assert.equal((await connection.response())?.body.toString(), statics['tiny.txt']);
		}
		connection.close();
	});

	test('what was answered before a refusal arrives before it', async () => {
		const connection = await Connection.open(server);
		connection.send(
			Buffer.concat([get('/tiny.txt'), get('/api/url'), Buffer.from('rubbish\r\n\r\nand more')])
		);
		assert.equal((await connection.response())?.status, 200);
		assert.equal((await connection.response())?.status, 200);
		assert.equal((await connection.response())?.status, 400);
		await connection.end_of_stream();
		connection.close();
	});
});
