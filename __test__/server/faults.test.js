/** Clients that go away, do not read or do not send, and routes that misbehave. */
import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { start_observed } from '../harness/observe.js';
import { Connection, exchange, fetch_text } from '../harness/wire.js';
import { chunked, get, post, post_chunked, request } from '../parity/case.js';

/** @typedef {Awaited<ReturnType<typeof start_observed>>} Observed */

const MIB = 1024 * 1024;
const plain = { origin: 'https://example.test', 'content-type': 'text/plain' };

/** Nothing may stay in use once all clients are gone */
const idle = { connections_open: 0, exchanges_open: 0, slots_in_use: 0, panics: 0 };

/**
 * Everything a client can have done by the time it vanishes
 * @type {Array<{ name: string, play: (connection: Connection, server: Observed, key: string) => unknown }>}
 */
const stages = [
	{ name: 'after connecting', play: () => {} },
	{ name: 'inside the request line', play: (client) => client.send('GET /api/u') },
	{ name: 'inside the head', play: (client) => client.send('GET /api/url HTTP/1.1\r\nhost: exam') },
	{
		name: 'before the body',
		play: (client) =>
			client.send(
				request('POST', '/api/body/caught', { headers: { ...plain, 'content-length': '9' } })
			)
	},
	{
		name: 'inside the body',
		play: (client) =>
			client.send(
				Buffer.concat([
					request('POST', '/api/body/caught', { headers: { ...plain, 'content-length': '9' } }),
					Buffer.from('half')
				])
			)
	},
	{
		name: 'inside a chunk',
		play: (client) =>
			client.send(Buffer.concat([post_chunked('/api/body/caught'), Buffer.from('10\r\nhalf')]))
	},
	{
		name: 'inside a large upload',
		play: (client) =>
			client.send(
				Buffer.concat([
					request('POST', '/api/body/caught', {
						headers: { ...plain, 'content-length': '500000' }
					}),
					Buffer.alloc(200_000, 'x')
				])
			)
	},
	{ name: 'as soon as it has asked', play: (client) => client.send(get('/api/url')) },
	{
		name: 'while the route waits',
		play: async (client, server, key) => {
			client.send(get(`/api/wait/${key}`));
			await began(server, key);
		}
	},
	{
		name: 'while the route waits, its body read',
		play: async (client, server, key) => {
			client.send(post(`/api/wait/${key}?read`, 'all of it'));
			await began(server, key, 'body read');
		}
	},
	{
		name: 'inside a stream',
		play: async (client, _server, key) => {
			client.send(get(`/api/stream/infinite?key=${key}`));
			await client.sees('again');
		}
	},
	{
		name: 'inside a bulk stream it does not read',
		play: async (client, _server, key) => {
			client.socket.pause();
			client.send(get(`/api/stream/bulk?mib=50&key=${key}`));
			await pause(50);
		}
	},
	{
		name: 'inside a large file it does not read',
		play: async (client) => {
			client.socket.pause();
			client.send(Buffer.concat(Array.from({ length: 20 }, () => get('/large.bin'))));
			await pause(50);
		}
	},
	{
		name: 'inside an echo that goes both ways',
		play: async (client) => {
			client.send(
				Buffer.concat([post_chunked('/api/stream/duplex'), chunked(['ping'], { end: '' })])
			);
			await client.sees('ping');
		}
	},
	{
		name: 'after its answer',
		play: async (client) => {
			client.send(get('/api/url'));
			await client.response();
		}
	},
	{
		name: 'with more requests in the pipe',
		play: (client, _server, key) =>
			client.send(
				Buffer.concat([get(`/api/wait/${key}`), get('/api/url'), post('/api/body/text', 'x')])
			)
	}
];

/**
 * @param {Observed} server
 * @param {string} key
 * @param {string} [entry]
 */
async function began(server, key, entry = 'began false') {
	for (let attempt = 0; attempt < 400; attempt += 1) {
		if ((await fetch_text(server, `/api/journal/${key}`)).includes(entry)) return;
		await pause(5);
	}
	throw new Error(`the app never noted ${entry} for ${key}`);
}

describe('a client that vanishes', () => {
	/** @type {Observed} */
	let server;
	before(async () => {
		server = await start_observed();
	});
	after(() => server?.stop());

	for (const [how, leave] of /** @type {Array<[string, (client: Connection) => void]>} */ ([
		['with a reset', (client) => client.vanish()],
		['politely', (client) => client.close()]
	])) {
		for (const { name, play } of stages) {
			test(`${name}, ${how}`, async () => {
				const key = `v-${how}-${name}`.replaceAll(/[ ,]/g, '-');
				for (let i = 0; i < 3; i += 1) {
					const client = await Connection.open(server);
					await play(client, server, `${key}-${i}`);
					leave(client);
				}
				await server.settles(idle);
				assert.equal((await exchange(server, get('/api/url'))).status, 200);
			});
		}
	}

	test('the streams they left were cancelled', async () => {
		const key = 'v-cancelled';
		const client = await Connection.open(server);
		client.send(get(`/api/stream/bulk?mib=50&key=${key}`));
		await client.sees('200 OK');
		client.vanish();
		await began(server, key, 'body cancelled');
	});
});

describe('ten thousand of them', () => {
	/** @type {Observed} */
	let server;
	before(async () => {
		server = await start_observed();
	});
	after(() => server?.stop());

	test('leave nothing behind', { timeout: 180_000 }, async () => {
		const kinds = [
			// ends by its signal; what waits for ever would keep its memory, whoever serves it
			() => get('/api/wait/many?signal'),
			() => get('/api/stream/infinite?key=many'),
			() => get('/api/url'),
			() =>
				Buffer.concat([
					request('POST', '/api/body/caught', { headers: { ...plain, 'content-length': '99' } }),
					Buffer.from('half')
				]),
			() => Buffer.from('GET /api/url HTTP/1.1\r\nhos'),
			() => Buffer.concat([get('/api/wait/many?signal'), get('/plain.txt')])
		];
		let left = 0;

		const worker = async () => {
			while (left > 0) {
				const kind = kinds[left % kinds.length];
				left -= 1;
				const client = await Connection.open(server);
				client.send(kind());
				// some leave before the server has seen them, some while it works for them
				for (let i = left % 4; i > 0; i -= 1) await turn();
				client.vanish();
			}
		};
		/** @param {number} count */
		const round = async (count) => {
			left = count;
			await Promise.all(Array.from({ length: 40 }, worker));
			await server.settles(idle);
			return (await server.observe()).rss;
		};

		// the first rounds bring the heap to its size, later on a busy machine; a leak never ends
		let before_round = await round(5000);
		let grown = Infinity;
		for (let rounds = 0; rounds < 4 && grown >= 60; rounds += 1) {
			const after_round = await round(5000);
			grown = (after_round - before_round) / MIB;
			before_round = after_round;
		}
		const { stats } = await server.observe();
		assert.ok(stats.connections_accepted >= 10_000);
		assert.ok(stats.aborted > 1000, `only ${stats.aborted} were seen as aborted`);
		assert.equal((await exchange(server, get('/api/url'))).status, 200);
		assert.ok(grown < 60, `the last round grew it by ${grown.toFixed(1)} MiB`);
	});
});

describe('a client that is slow', () => {
	/** @type {Observed} */
	let server;
	before(async () => {
		server = await start_observed({ env: { BODY_SIZE_LIMIT: '200M' } });
		// what the first stream costs, buffers and compiled code, is not what is measured
		const warm = await Connection.open(server);
		warm.send(get('/api/stream/bulk?mib=20'));
		await warm.response('GET', 30_000);
		warm.close();
	});
	after(() => server?.stop());

	/**
	 * The most memory the server takes while `work` goes on
	 * @param {(sample: () => Promise<void>) => Promise<void>} work
	 */
	const growth = async (work) => {
		const { rss } = await server.observe();
		let peak = rss;
		await work(async () => {
			peak = Math.max(peak, (await server.observe()).rss);
		});
		return (peak - rss) / MIB;
	};

	test('reading a stream of 100 MiB does not fill the server', { timeout: 120_000 }, async () => {
		const readers = 3;
		let received = 0;
		const grown = await growth(async (sample) => {
			const clients = await Promise.all(
				Array.from({ length: readers }, () => Connection.open(server))
			);
			for (const client of clients) client.send(get('/api/stream/bulk?mib=100'));
			const ended = clients.map(
				(client) =>
					new Promise((fulfil) => {
						client.socket.removeAllListeners('data');
						let tail = Buffer.alloc(0);
						client.socket.on('data', (chunk) => {
							received += chunk.length;
							tail = Buffer.concat([tail, chunk]).subarray(-5);
							if (tail.equals(Buffer.from('0\r\n\r\n'))) fulfil(null);
						});
					})
			);

			// bursts of reading with long stops, in which a server without backpressure would
			// go on producing
			for (let i = 0; i < 15; i += 1) {
				for (const client of clients) client.socket.pause();
				await pause(60);
				await sample();
				for (const client of clients) client.socket.resume();
				await pause(10);
			}
			await Promise.all(ended);
			await sample();
			for (const client of clients) client.close();
		});

		assert.ok(received >= readers * 100 * MIB, `only ${received} bytes came`);
		assert.ok(grown < 60, `grew by ${grown.toFixed(1)} MiB`);
		await server.settles(idle);
	});

	test(
		'sending to a route that does not read does not fill it either',
		{ timeout: 120_000 },
		async () => {
			const grown = await growth(async (sample) => {
				const client = await Connection.open(server);
				client.send(
					request('POST', '/api/wait/slow-upload', {
						headers: { ...plain, 'content-length': String(100 * MIB) }
					})
				);
				const part = Buffer.alloc(MIB, 'x');
				// as much as the sockets take; the rest stays here
				for (let i = 0; i < 100; i += 1) client.send(part);
				await began(server, 'slow-upload');
				for (let i = 0; i < 10; i += 1) {
					await pause(50);
					await sample();
				}
				client.vanish();
			});
			assert.ok(grown < 40, `grew by ${grown.toFixed(1)} MiB`);
			await server.settles(idle);
		}
	);

	test(
		'an upload of 100 MiB that is read as a stream does not fill it',
		{ timeout: 120_000 },
		async () => {
			const grown = await growth(async (sample) => {
				const client = await Connection.open(server);
				client.send(post_chunked('/api/body/iterate'));
				const part = chunked([Buffer.alloc(MIB, 'x')], { end: '' });
				for (let i = 0; i < 100; i += 1) {
					client.send(part);
					if (client.socket.writableNeedDrain) {
						await new Promise((fulfil) => client.socket.once('drain', () => fulfil(null)));
					}
					if (i % 10 === 0) await sample();
				}
				client.send('0\r\n\r\n');
				const response = await client.response('POST', 60_000);
				assert.equal(response?.body.toString(), `${100 * MIB} bytes`);
				client.close();
			});
			assert.ok(grown < 60, `grew by ${grown.toFixed(1)} MiB`);
			await server.settles(idle);
		}
	);
});

describe('a route that misbehaves', () => {
	/** @type {Observed} */
	let server;
	before(async () => {
		server = await start_observed();
	});
	after(() => server?.stop());

	for (const kind of [
		'throw',
		'reject',
		'throw-string',
		'throw-null',
		'throw-response',
		'nothing',
		'plain-object',
		'response-error'
	]) {
		test(`${kind}: the others are served`, async () => {
			const connection = await Connection.open(server);
			for (let i = 0; i < 20; i += 1) {
				connection.send(get(`/api/respond/${kind}`));
				const response = await connection.response();
				assert.equal(response?.status, 500);
				assert.equal(response?.complete, true);
			}
			connection.send(get('/api/url'));
			assert.equal((await connection.response())?.status, 200);
			connection.close();
			await server.settles(idle);
		});
	}

	for (const kind of ['error-after-one', 'error-after-many', 'error-at-once']) {
		test(`${kind}: the answer is visibly cut`, async () => {
			for (let i = 0; i < 5; i += 1) {
				const connection = await Connection.open(server);
				connection.send(get(`/api/respond/${kind}`));
				const response = await connection.response();
				assert.ok(!response || response.status === 500 || !response.complete);
				connection.close();
			}
			await server.settles(idle);
		});
	}
});
