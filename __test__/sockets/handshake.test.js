/** What a handshake is read by, without a server: paths, the hooks they have, cookies. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Cookies } from '../../runtime/sockets/cookies.js';
import { paths_of } from '../../runtime/sockets/hooks.js';
import { compile, find, sorted } from '../../runtime/sockets/paths.js';

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
