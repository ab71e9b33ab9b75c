/** The parts that need no server: paths, cookies, cards, what data becomes, and the package's `hub`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
	Card,
	kept_headers,
	write_card,
	write_context,
	write_head
} from '../../runtime/sockets/card.js';
import { Cookies } from '../../runtime/sockets/cookies.js';
import { as_bytes, as_text } from '../../runtime/sockets/data.js';
import { is_refusal, refusal_of, response_of } from '../../runtime/sockets/errors.js';
import { paths_of } from '../../runtime/sockets/hooks.js';
import { Slots } from '../../runtime/sockets/members.js';
import { Message } from '../../runtime/sockets/message.js';
import { compile, find, sorted } from '../../runtime/sockets/paths.js';
import { hub } from '../../hub.js';

describe('paths', () => {
	/** @param {...string} patterns */
	const paths = (...patterns) => sorted(patterns.map((pattern) => compile(pattern, pattern)));

	/** @param {string} pathname @param {...string} patterns */
	function found(pathname, ...patterns) {
		const match = find(paths(...patterns), pathname);
		return match === null ? null : [match.path.pattern, match.params];
	}

	test('parameters have the values of the address', () => {
		assert.deepEqual(found('/rooms/a%20b', '/rooms/[room]'), ['/rooms/[room]', { room: 'a b' }]);
		assert.deepEqual(found('/rooms/a%2Fb', '/rooms/[room]'), ['/rooms/[room]', { room: 'a/b' }]);
		assert.deepEqual(found('/rooms/100%25', '/rooms/[room]'), ['/rooms/[room]', { room: '100%' }]);
		assert.deepEqual(found('/r/%C3%BC', '/r/[x]'), ['/r/[x]', { x: 'ü' }]);
		assert.deepEqual(found('/a-b', '/[one]-[two]'), ['/[one]-[two]', { one: 'a', two: 'b' }]);
	});

	test('a parameter takes one segment, a rest any number, an optional one none or one', () => {
		assert.equal(found('/rooms', '/rooms/[room]'), null);
		assert.equal(found('/rooms/a/b', '/rooms/[room]'), null);
		assert.deepEqual(found('/f', '/f/[...path]'), ['/f/[...path]', { path: '' }]);
		assert.deepEqual(found('/f/a/b', '/f/[...path]'), ['/f/[...path]', { path: 'a/b' }]);
		assert.deepEqual(found('/l', '/l/[[lang]]'), ['/l/[[lang]]', {}]);
		assert.deepEqual(found('/l/de', '/l/[[lang]]'), ['/l/[[lang]]', { lang: 'de' }]);
		assert.equal(found('/l/de/x', '/l/[[lang]]'), null);
	});

	test('one slash at the end does not matter, and nothing in a path is a pattern by itself', () => {
		assert.deepEqual(found('/ws/', '/ws'), ['/ws', {}]);
		assert.equal(found('/ws//', '/ws'), null);
		assert.equal(found('/wxs', '/w.s'), null);
		assert.deepEqual(found('/w.s', '/w.s'), ['/w.s', {}]);
	});

	test('what is more specific comes first, whatever the order', () => {
		const all = ['/[...all]', '/a/[[c]]', '/[b]/x', '/a/x', '/a/x-[c]', '/a/[c]'];
		for (const given of [all, [...all].reverse()]) {
			for (const [pathname, pattern] of [
				['/a/x', '/a/x'],
				['/a/x-1', '/a/x-[c]'],
				['/a/y', '/a/[c]'],
				['/a', '/a/[[c]]'],
				['/b/x', '/[b]/x'],
				['/b/y', '/[...all]'],
				['/', '/[...all]']
			]) {
				assert.equal(found(pathname, ...given)?.[0], pattern, `${pathname} of ${given}`);
			}
		}
	});

	test('an address that nothing can stand for leads nowhere', () => {
		assert.equal(found('/rooms/%E0%A4%A', '/rooms/[room]'), null);
		fc.assert(
			fc.property(fc.string(), (text) => void found(`/${text}`, '/[a]', '/[...b]', '/c/[[d]]'))
		);
	});

	for (const [pattern, why] of [
		['rooms', /begin with \//],
		['/[room=name]', /is no parameter/],
		['/[[room]', /is no parameter/],
		['/[]', /is no parameter/],
		['/a-[...rest]', /segment of its own/],
		['/[[...rest]]', /without its outer brackets/],
		['/[a]/[a]', /two parameters of one name/]
	]) {
		test(`${pattern} is refused`, () => {
			assert.throws(
				() => compile(/** @type {string} */ (pattern), null),
				/** @type {RegExp} */ (why)
			);
		});
	}
});

describe('hooks', () => {
	const upgrade = () => {};
	const open = () => {};

	test('a path has what the module exports, unless it has its own', () => {
		const own = () => {};
		const paths = paths_of({ upgrade, open, routes: { '/a': { open: own } } }, '/ws');
		assert.deepEqual(
			paths.map(({ pattern, hooks }) => [pattern, hooks]),
			[
				['/ws', { upgrade, open }],
				['/a', { upgrade, open: own }]
			]
		);
	});

	test('one object may be the default export', () => {
		assert.deepEqual(paths_of({ default: { open } }, '/ws')[0].hooks, { open });
	});

	test('the path of the option may be among the routes', () => {
		assert.deepEqual(
			paths_of({ open, routes: { '/ws': { upgrade } } }, '/ws').map(({ hooks }) => hooks),
			[{ open, upgrade }]
		);
	});

	test('mistakes are named', () => {
		assert.throws(() => paths_of({ open: 1 }, '/ws'), /`open` of src\/hooks.ws is no function/);
		assert.throws(() => paths_of({ routes: { '/a': null } }, '/ws'), /\/a of src\/hooks.ws is no/);
		assert.throws(() => paths_of({ routes: 1 }, '/ws'), /`routes` of src\/hooks.ws is no object/);
		assert.throws(
			() => paths_of({ default: { open }, upgrade }, '/ws'),
			/`upgrade` beside a default/
		);
		assert.throws(
			() => paths_of({ default: { opened: open } }, '/ws'),
			/`opened`, which is no hook/
		);
		assert.throws(
			() => paths_of({ routes: { '/a': { opened: open } } }, '/ws'),
			/path \/a .* `opened`/
		);
	});

	test('a module may export what is no hook', () => {
		assert.deepEqual(paths_of({ open, helper: 1 }, '/ws')[0].hooks, { open });
	});
});

describe('cookies', () => {
	const url = new URL('https://example.test/a/ws');

	test('what came is read as SvelteKit reads it', () => {
		const cookies = new Cookies('a=1; b="x%20y"; a=2; bad=%E0%A4%A; =; empty=', url);
		assert.equal(cookies.get('a'), '1');
		assert.equal(cookies.get('b'), 'x y');
		assert.equal(cookies.get('bad'), '%E0%A4%A');
		assert.equal(cookies.get('empty'), '');
		assert.equal(cookies.get('none'), undefined);
		assert.equal(cookies.get('b', { decode: (value) => value }), 'x%20y');
	});

	test('what is set is seen and goes out with the defaults', () => {
		const cookies = new Cookies('a=1', url);
		cookies.set('a', 'ü;', { path: '/' });
		cookies.set('b', '2', { path: '', httpOnly: false, sameSite: 'none', maxAge: 60 });
		assert.equal(cookies.get('a'), 'ü;');
		assert.deepEqual(cookies.getAll(), [
			{ name: 'a', value: 'ü;' },
			{ name: 'b', value: '2' }
		]);
		assert.deepEqual(cookies.lines, [
			'a=%C3%BC%3B; Path=/; HttpOnly; Secure; SameSite=Lax',
			'b=2; Max-Age=60; Path=/a/ws; Secure; SameSite=None'
		]);
		cookies.delete('a', { path: '/' });
		assert.equal(cookies.get('a'), undefined);
		assert.match(cookies.lines[0], /^a=; Max-Age=0; Path=\/;/);
	});

	test('on localhost without TLS a cookie is not for secure connections alone', () => {
		const cookies = new Cookies(null, new URL('http://localhost:3000/ws'));
		assert.equal(cookies.serialize('a', '1', { path: '/' }), 'a=1; Path=/; HttpOnly; SameSite=Lax');
	});

	test('nothing forges another attribute or another header', () => {
		const cookies = new Cookies(null, url);
		for (const [name, value, options] of [
			['a b', '1', {}],
			['a', '1', { encode: (/** @type {string} */ text) => `${text}\r\nx: y` }],
			['a', '1', { path: '/; Domain=evil.test' }],
			['a', '1', { domain: 'evil\r\n.test' }],
			['a', '1', { priority: 'high\nx-evil\n1' }],
			['a', '1', { sameSite: 'lax\nx-evil\n1' }]
		]) {
			assert.throws(
				() => cookies.set(/** @type {any} */ (name), `${value}`, /** @type {any} */ (options)),
				{
					name: 'TypeError'
				}
			);
		}
	});
});

test('cookies can be taken apart, as SvelteKit’s can', () => {
	const { set, get } = new Cookies('a=1', new URL('https://example.test/ws'));
	set('b', '2', { path: '/', priority: 'high', sameSite: 'none' });
	assert.deepEqual([get('a'), get('b')], ['1', '2']);
});

describe('cards', () => {
	const head = {
		pattern: '/rooms/[room]',
		params: { room: 'ü' },
		origin: 'https://example.test',
		target: '/rooms/%C3%BC?a',
		canonical: true,
		address: '192.0.2.1',
		headers: 'host\nexample.test\n',
		user: { id: 'ann', info: { name: 'Ann' } },
		transport: /** @type {const} */ ('websocket')
	};

	/** @param {Record<string, unknown>} context */
	const card = (context) => write_card(write_head(head), write_context(context));

	test('they say what was written, at any place in memory', () => {
		const bytes = card({ since: new Date(5), tags: new Set(['a']) });
		const shifted = new Uint8Array(bytes.length + 3);
		shifted.set(bytes, 3);
		const read = new Card(shifted.subarray(3));
		assert.deepEqual(read.head, head);
		assert.deepEqual(read.context, { since: new Date(5), tags: new Set(['a']) });
	});

	test('they say whether it is a stream', () => {
		const stream = { ...head, transport: /** @type {const} */ ('sse') };
		const bytes = write_card(write_head(stream), write_context({}));
		assert.deepEqual(new Card(bytes).head, stream);
	});

	test('a card is kept again once its context is another, and only then', () => {
		const read = new Card(card({ count: 1 }));
		assert.equal(read.changed(), null);
		assert.equal(read.context.count, 1);
		assert.equal(read.changed(), null, 'it was only looked at');
		read.context.count = 2;
		const changed = read.changed();
		assert.ok(changed);
		assert.deepEqual(new Card(changed).context, { count: 2 });
		assert.deepEqual(new Card(changed).head, head);
		assert.equal(read.changed(), null);
		delete read.context.count;
		assert.deepEqual(new Card(/** @type {Uint8Array} */ (read.changed())).context, {});
	});

	test('the bytes of a card are had from where they are kept, until it is kept no more', () => {
		let bytes = /** @type {Uint8Array | null} */ (card({ count: 1 }));
		let asked = 0;
		const read_card = () => {
			asked += 1;
			return bytes;
		};
		const read = new Card(null, { read_card });
		assert.deepEqual([read.head, read.head, asked], [head, head, 1]);
		read.context.count = 2;
		const changed = /** @type {Uint8Array} */ (read.changed());
		assert.deepEqual(new Card(changed).context, { count: 2 });
		assert.deepEqual(new Card(changed).head, head);
		assert.deepEqual([read.context.count, asked], [2, 2]);

		const late = new Card(null, { read_card });
		late.keep(changed);
		bytes = null;
		assert.deepEqual([late.head, late.context], [head, { count: 2 }]);
		assert.equal(new Card(null, { read_card }).head.user, null, 'nothing is known any more');
	});

	test('what a hook changes while another of the peer ends is kept as well', () => {
		const read = new Card(card({ count: 1 }));
		const { context } = read;
		assert.equal(read.changed(true), null);
		context.count = 2;
		assert.deepEqual(new Card(/** @type {Uint8Array} */ (read.changed())).context, { count: 2 });
	});

	test('an empty context takes no bytes', () => {
		assert.equal(card({}).length, 4 + write_head(head).length);
	});

	test('what cannot be cloned, or is too large, cannot be kept', () => {
		const read = new Card(card({}));
		read.context.call = () => {};
		assert.throws(() => read.changed(), /could not be cloned/);
		delete read.context.call;
		read.context.text = 'x'.repeat(65 * 1024);
		assert.throws(() => read.changed(), /at most 65536 bytes/);
		assert.equal(read.changed(), null, 'it is not told twice');
	});

	test('of the headers, those of the handshake alone are not kept', () => {
		const lines = 'host\na\nsec-websocket-key\nb\ncookie\nupgrade\nconnection\nc\n';
		assert.equal(kept_headers(lines), 'host\na\ncookie\nupgrade\n');
	});
});

describe('members', () => {
	test('the end of a slot’s peer before takes nothing from the peer that has it now', () => {
		/** @typedef {{ slot: number, generation: number, next: Some | undefined }} Some */
		/** @type {Slots<Some>} */
		const slots = new Slots();
		const [first, second, third] = [1, 2, 3].map((generation) => {
			/** @type {Some} */
			const member = { slot: 7, generation, next: undefined };
			return member;
		});
		for (const member of [second, first, third]) slots.add(member);
		for (const member of [first, second, third]) {
			assert.equal(slots.find(7, member.generation), member);
		}
		assert.equal(slots.find(7, 4), undefined);
		assert.equal(slots.find(8, 1), undefined);
		slots.remove(first);
		slots.remove(first);
		assert.equal(slots.find(7, 1), undefined);
		assert.equal(slots.find(7, 2), second);
		slots.remove(third);
		assert.equal(slots.find(7, 2), second);
		slots.remove(second);
		assert.equal(slots.find(7, 2), undefined);
	});
});

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
