/** The suite judged: it must see what differs, and see nothing where nothing does. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import { parse_response } from '../harness/parse.js';
import { define, get } from './case.js';
import { compare } from './compare.js';
import { play } from './play.js';

const ok =
	'HTTP/1.1 200 OK\r\nx-a: 1\r\nset-cookie: a\r\nset-cookie: b\r\ncontent-length: 4\r\n\r\nbody';

/**
 * A server that answers every request with the same bytes
 * @param {string} answer
 * @param {boolean} [close]
 */
async function canned(answer, close = false) {
	const server = net.createServer((socket) => {
		socket.on('error', () => socket.destroy());
		socket.on('data', () => {
			socket.write(answer, 'latin1');
			if (close) socket.end();
		});
	});
	await new Promise((fulfil) => server.listen(0, '127.0.0.1', () => fulfil(null)));
	const { port } = /** @type {net.AddressInfo} */ (server.address());
	return { port, stop: () => server.close() };
}

/**
 * @param {string} a
 * @param {string} b
 * @param {boolean} [close]
 */
async function fields(a, b, close) {
	const servers = [await canned(a), await canned(b, close)];
	try {
		const test_case = define('self', 200, get('/'));
		const [first, second] = await Promise.all(servers.map((server) => play(test_case, 3, server)));
		return compare(test_case, first, second).map(({ field }) => field);
	} finally {
		for (const server of servers) server.stop();
	}
}

describe('what the comparison sees', () => {
	/** @type {Array<[string, string, string[]]>} */
	const changes = [
		['nothing', ok, []],
		['the clock', ok.replace('x-a', 'date: now\r\nx-a'), []],
		['the spelling of a name', ok.replace('x-a', 'X-A'), []],
		[
			'the order of names',
			ok.replace('x-a: 1\r\n', '').replace('content', 'x-a: 1\r\ncontent'),
			[]
		],
		[
			'the order of cookies',
			ok.replace('cookie: a', 'cookie: c').replace('cookie: b', 'cookie: a'),
			['header:set-cookie']
		],
		['a value', ok.replace('x-a: 1', 'x-a: 2'), ['header:x-a']],
		['a missing header', ok.replace('x-a: 1\r\n', ''), ['header:x-a']],
		['one header more', ok.replace('x-a', 'x-b: 1\r\nx-a'), ['header:x-b']],
		['the status', ok.replace('200 OK', '201 Created'), ['status', 'reason']],
		['the reason', ok.replace('OK', 'Fine'), ['reason']],
		['the version', ok.replace('1.1', '1.0'), ['version', 'persistent']],
		['the body', ok.replace('body', 'bodY'), ['body']],
		[
			'what is said about the connection',
			ok.replace('x-a', 'connection: close\r\nx-a'),
			['persistent']
		],
		[
			'the framing',
			ok
				.replace('content-length: 4', 'transfer-encoding: chunked')
				.replace('body', '4\r\nbody\r\n0\r\n\r\n'),
			['framing', 'header:content-length', 'header:transfer-encoding']
		],
		['an interim response', `HTTP/1.1 100 Continue\r\n\r\n${ok}`, ['interim']]
	];

	for (const [name, answer, expected] of changes) {
		test(name, async () => {
			assert.deepEqual(await fields(ok, answer), expected);
		});
	}

	test('a connection that is closed', async () => {
		assert.deepEqual(await fields(ok, ok, true), ['connection']);
	});

	test('a body that is cut off', async () => {
		assert.deepEqual(await fields(ok, ok.replace('length: 4', 'length: 9'), true), [
			'connection',
			'complete',
			'header:content-length'
		]);
	});
});

describe('what the parser refuses', () => {
	for (const bytes of [
		'HTTP/1.1 two hundred\r\n\r\n',
		'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
		'HTTP/1.1 200 OK\r\ncontent-length: NaN\r\n\r\n',
		'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
		'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabcd\r\n'
	]) {
		test(JSON.stringify(bytes), () => {
			assert.throws(() => parse_response(Buffer.from(bytes), 'GET', true), {
				name: 'MalformedResponse'
			});
		});
	}
});
