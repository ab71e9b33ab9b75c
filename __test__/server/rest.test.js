/**
 * Connections that have been silent for so long that the server keeps little more of them
 * than the socket: they go on where they were. The silence is real time, because that is
 * what is tested; nothing is said about how long anything takes.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { start_server } from '../harness/server.js';
import { Connection } from '../harness/wire.js';
import { get } from '../parity/case.js';

/** Well above the half second after which a connection comes to rest. */
const SILENCE = 1200;

/** @type {import('../harness/server.js').RunningServer} */
let server;
before(async () => {
	server = await start_server({ build: await build_app({ kit: 3, adapter: 'oxide' }) });
});
after(() => server.stop());

/** @param {Connection} client */
const status = async (client) => (await client.response())?.status;

/**
 * Sends half a body that nobody reads, and after the silence its rest and a request.
 * @param {Connection} client
 */
async function rest_amid_body(client) {
	client.send('POST /plain.txt HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhe');
	assert.equal(await status(client), 405);
	await pause(SILENCE);
	client.send(`llo${get('/plain.txt')}`);
	assert.equal(await status(client), 200);
}

describe('a connection that has come to rest', { concurrency: true }, () => {
	test('serves the next request, again and again', async () => {
		const client = await Connection.open(server);
		for (let turn = 0; turn < 3; turn++) {
			client.send(get('/plain.txt'));
			assert.equal(await status(client), 200, `request ${turn}`);
			await pause(SILENCE);
		}
		client.close();
	});

	test('serves a first request that comes late', async () => {
		const client = await Connection.open(server);
		await pause(SILENCE);
		client.send(get('/plain.txt'));
		assert.equal(await status(client), 200);
		client.close();
	});

	test('has not lost the half head that came with the request before', async () => {
		const client = await Connection.open(server);
		const next = get('/plain.txt').toString();
		client.send(get('/plain.txt') + next.slice(0, 9));
		assert.equal(await status(client), 200);
		await pause(SILENCE);
		client.send(next.slice(9));
		assert.equal(await status(client), 200);
		client.close();
	});

	test('was not at rest while a body nobody reads was on its way', async () => {
		const client = await Connection.open(server);
		await rest_amid_body(client);
		client.close();
	});

	test('nor while such a body followed another', async () => {
		const client = await Connection.open(server);
		const head = 'POST /api/body/text HTTP/1.1\r\nhost: localhost\r\norigin: null';
		client.send(`${head}\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhe`);
		assert.equal(await status(client), 403);
		await pause(SILENCE);
		client.send('llo');
		await pause(SILENCE);
		await rest_amid_body(client);
		client.close();
	});

	test('notices that the client has gone', async () => {
		const client = await Connection.open(server);
		client.send(get('/plain.txt'));
		assert.equal(await status(client), 200);
		await pause(SILENCE);
		client.socket.end();
		await client.end_of_stream();
	});
});

describe('the rest of a body whose request has been answered', () => {
	test('is not taken for the beginning of a head', async () => {
		const hurried = await start_server({
			build: await build_app({ kit: 3, adapter: 'oxide' }),
			env: { HEADERS_TIMEOUT: '1s' }
		});
		try {
			const client = await Connection.open(hurried);
			client.send('POST /plain.txt HTTP/1.1\r\nhost: localhost\r\ncontent-length: 6\r\n\r\nhe');
			assert.equal(await status(client), 405);
			client.send('ll');
			await pause(2000);
			client.send('o!');
			client.send(get('/plain.txt'));
			assert.equal(await status(client), 200);
			client.close();
		} finally {
			await hurried.stop();
		}
	});
});
