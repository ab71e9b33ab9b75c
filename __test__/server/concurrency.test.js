/**
 * Many requests at once: each gets its own answer, and none sees the state in which another
 * is just being rendered (SvelteKit 2 keeps `base` in a module while it renders).
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { start_observed } from '../harness/observe.js';
import { Connection } from '../harness/wire.js';
import { get, post, post_chunked, chunked } from '../parity/case.js';

const REQUESTS = 600;
const CONNECTIONS = 60;

/** Pages that link, load and fetch while others are being rendered */
const pages = ['/load', '/', '/form', '/load/headers', '/load/streamed'];

/**
 * What is asked for, and how the answer shows that it is the answer to that
 * @type {Array<(id: string) => { method: string, bytes: Uint8Array, status: number, shows: string }>}
 */
const kinds = [
	(id) => ({ method: 'GET', bytes: get(`/api/url?id=${id}`), status: 200, shows: `?id=${id}"` }),
	(id) => ({
		method: 'GET',
		bytes: get('/load', { cookie: `visit=${id}`, accept: 'text/html' }),
		status: 200,
		shows: id
	}),
	(id) => ({
		method: 'GET',
		bytes: get(`/?id=${id}`, { accept: 'text/html' }),
		status: 200,
		shows: `?id=${id}`
	}),
	(id) => ({ method: 'GET', bytes: get(`/nowhere/${id}`), status: 404, shows: 'error page 404' }),
	(id) => ({ method: 'GET', bytes: get(`/params/${id}`), status: 200, shows: id }),
	(id) => ({ method: 'POST', bytes: post('/api/body/text', id), status: 200, shows: id }),
	(id) => ({
		method: 'POST',
		bytes: post('/form', `a=${id}`, {
			'content-type': 'application/x-www-form-urlencoded',
			accept: 'text/html'
		}),
		status: 200,
		shows: `a=${id}`
	}),
	(id) => ({
		method: 'POST',
		bytes: Buffer.concat([post_chunked('/api/stream/duplex'), chunked([id, 'x'.repeat(50_000)])]),
		status: 200,
		shows: id
	})
];

for (const kit of /** @type {const} */ ([3, 2])) {
	describe(`at once, kit ${kit}`, () => {
		/** @type {Awaited<ReturnType<typeof start_observed>>} */
		let server;
		before(async () => {
			server = await start_observed({ kit });
		});
		after(() => server?.stop());

		test('every answer belongs to its request', { timeout: 60_000 }, async () => {
			let next = 0;
			/** @type {string[]} */
			const wrong = [];

			const client = async () => {
				const connection = await Connection.open(server);
				while (next < REQUESTS) {
					const id = `id${next}end`;
					const { method, bytes, status, shows } = kinds[next % kinds.length](id);
					next += 1;
					connection.send(bytes);
					const response = await connection.response(method, 30_000);
					if (response?.status !== status || !response.body.includes(shows)) {
						wrong.push(`${id}: ${response?.status} ${response?.body.toString().slice(0, 200)}`);
					}
				}
				connection.close();
			};
			await Promise.all(Array.from({ length: CONNECTIONS }, client));

			assert.deepEqual(wrong, []);
			await server.settles({ slots_in_use: 0, exchanges_open: 0, connections_open: 0 });
		});

		test(
			'pages that are rendered in one turn do not see each other',
			{ timeout: 60_000 },
			async () => {
				const clients = await Promise.all(
					Array.from({ length: 400 }, () => Connection.open(server))
				);
				for (const [i, client] of clients.entries()) {
					client.send(get(pages[i % pages.length], { accept: 'text/html' }));
				}
				/** @type {Array<number | undefined>} */
				const statuses = [];
				for (const client of clients) {
					statuses.push((await client.response('GET', 30_000))?.status);
					client.close();
				}
				assert.equal(statuses.filter((status) => status !== 200).length, 0, statuses.join(' '));
			}
		);

		test('so does every one in a pipe', { timeout: 60_000 }, async () => {
			const connection = await Connection.open(server);
			const asked = Array.from({ length: 200 }, (_, i) => kinds[i % kinds.length](`pipe${i}end`));
			connection.send(Buffer.concat(asked.map(({ bytes }) => bytes)));
			for (const { method, status, shows } of asked) {
				const response = await connection.response(method, 30_000);
				assert.equal(response?.status, status, shows);
				assert.ok(response.body.includes(shows), shows);
			}
			connection.close();
		});
	});
}
