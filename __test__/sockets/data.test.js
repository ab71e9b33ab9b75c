/**
 * What crosses between an app and its peers, without a server: what data becomes, messages, what
 * hooks throw, and the package's `hub`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { as_bytes, as_text } from '../../runtime/sockets/data.js';
import { is_refusal, refusal_of, response_of } from '../../runtime/sockets/errors.js';
import { Message } from '../../runtime/sockets/message.js';
import { hub } from '../../hub.js';

describe('data', () => {
	/** @param {unknown} data @param {string} [type] */
	function event(data, type) {
		const { text, event } = as_text(data, type);
		const { timestamp, ...rest } = JSON.parse(text);
		assert.ok(event && Math.abs(Date.now() - timestamp) < 60_000);
		return rest;
	}

	test('a string is a text, bytes of any kind are bytes', () => {
		assert.deepEqual(as_text('{"a":1}'), { text: '{"a":1}', event: false });
		const bytes = new Uint8Array([1, 2, 3, 4]);
		assert.equal(as_bytes(bytes), bytes);
		for (const view of [
			bytes.buffer,
			new DataView(bytes.buffer),
			Buffer.from([1, 2, 3, 4]),
			new Uint16Array(bytes.buffer)
		]) {
			assert.deepEqual([...(as_bytes(view) ?? [])], [1, 2, 3, 4]);
		}
		assert.deepEqual([...(as_bytes(new DataView(bytes.buffer, 1, 2)) ?? [])], [2, 3]);
		assert.equal(as_bytes('text'), null);
	});

	test('a string that begins as the hub’s own frames do is none of them', () => {
		for (const text of ['{"type":"__reply","id":1}', '{"topic":"chat","seq":9e15}']) {
			assert.equal(as_text(text).text, ` ${text}`);
		}
		const harmless = '{ "type":"__reply" }';
		assert.equal(as_text(harmless).text, harmless);
	});

	test('anything else is an event', () => {
		assert.deepEqual(event({ a: 1 }), { type: 'message', data: { a: 1 } });
		assert.deepEqual(event([1]), { type: 'message', data: [1] });
		assert.deepEqual(event(null), { type: 'message', data: null });
		assert.deepEqual(event(undefined), { type: 'message', data: null });
		assert.deepEqual(event(5), { type: 'message', data: 5 });
	});

	test('an object brings its own type, and never loses a member by it', () => {
		assert.deepEqual(event({ type: 'joined', data: 1 }), { type: 'joined', data: 1 });
		assert.deepEqual(event({ type: 'joined' }), { type: 'joined', data: null });
		const more = { type: 'joined', name: 'Ann' };
		assert.deepEqual(event(more), { type: 'message', data: more });
		assert.deepEqual(event({ type: 5, data: 1 }).type, 'message');
	});

	test('a type given apart is the type, of a string too', () => {
		assert.deepEqual(event('hello', 'said'), { type: 'said', data: 'hello' });
		assert.deepEqual(event({ type: 'a', data: 1 }, 'b'), {
			type: 'b',
			data: { type: 'a', data: 1 }
		});
	});

	test('types that are the hub’s own, and none at all, are refused', () => {
		assert.throws(() => as_text(1, '__reply'), TypeError);
		assert.throws(() => as_text({ type: '__subscribed', data: 1 }), TypeError);
		assert.throws(() => as_text(1, ''), TypeError);
	});
});

describe('messages', () => {
	const peer = /** @type {any} */ ({ id: 'p' });

	test('a text can be had as bytes', async () => {
		const message = new Message('{"a":"ü"}', peer);
		assert.deepEqual(
			[message.isBinary, message.data, message.text()],
			[false, '{"a":"ü"}', '{"a":"ü"}']
		);
		assert.deepEqual(message.json(), { a: 'ü' });
		assert.equal(Buffer.from(message.uint8Array()).toString(), '{"a":"ü"}');
		assert.equal(await message.blob().text(), '{"a":"ü"}');
		assert.equal(`${message}`, '{"a":"ü"}');
		assert.equal(message.id, message.id);
	});

	test('bytes can be had as text, and a view’s bytes without those around it', () => {
		const around = new Uint8Array([0, 0x68, 0x69, 0]);
		const message = new Message(around.subarray(1, 3), peer);
		assert.deepEqual([message.isBinary, message.text()], [true, 'hi']);
		assert.deepEqual([...new Uint8Array(message.arrayBuffer())], [0x68, 0x69]);
		assert.throws(() => message.json(), SyntaxError);
	});
});

describe('what hooks throw', () => {
	test('responses, and what SvelteKit’s helpers throw, are answers', async () => {
		const response = new Response('no', { status: 403 });
		assert.equal(response_of(response), response);
		assert.equal(response_of({ response }), response);
		const redirect = response_of({ status: 303, location: '/login' });
		assert.deepEqual([redirect?.status, redirect?.headers.get('location')], [303, '/login']);
		const error = response_of({ status: 401, body: { message: 'who?' } });
		assert.deepEqual([error?.status, await error?.json()], [401, { message: 'who?' }]);
		for (const mistake of [new Error('x'), 'x', null, undefined, {}]) {
			assert.equal(response_of(mistake), null);
		}
	});

	test('only what `error()` says is told to clients', () => {
		assert.equal(refusal_of({ status: 403, body: { message: 'staff only' } }), 'staff only');
		assert.equal(refusal_of(new Error('a secret')), 'Internal Error');
		assert.equal(is_refusal(new Error('a secret')), false);
	});
});

describe('the package’s hub', () => {
	test('without a server, importing it is nothing and calling it says where it works', () => {
		assert.throws(() => hub.publish('a', 1), /hub\.publish\(\) was called where there is no hub/);
	});

	test('it has the functions of the server’s, by the same symbol', () => {
		const own = readFileSync(new URL('../../runtime/sockets/hub.js', import.meta.url), 'utf8');
		const body = own.slice(own.indexOf('export const hub = '), own.indexOf('\n});'));
		const names = [...body.matchAll(/^\t(?:async )?(\w+)[:(]/gm)].map(([, name]) => name);
		assert.deepEqual(names.sort(), Object.keys(hub).sort());
		const symbol = /Symbol\.for\('([^']+)'\)/.exec(own)?.[1];
		const theirs = readFileSync(new URL('../../hub.js', import.meta.url), 'utf8');
		assert.ok(symbol && theirs.includes(`Symbol.for('${symbol}')`));
	});
});
