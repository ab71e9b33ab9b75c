/** The asset table: which paths lead to which files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client_table, content_types, is_hidden, prerendered_table } from '../../adapter/assets.js';

/** @type {Record<string, string>} */
const TYPES = {
	'.html': 'text/html',
	'.js': 'text/javascript',
	'.txt': 'text/plain',
	'.empty': ''
};
const content_type = content_types((extension) => TYPES[extension]);

/** @param {string[]} files */
const measured = (...files) =>
	files.map((file) => ({ file, size: file.length, etag: `h-${file}` }));

/**
 * @param {string[]} files
 * @param {string} [base]
 */
function client(files, base = '') {
	const app_path = `${base}/_app`.slice(1);
	return client_table(measured(...files), { base, app_path, content_type });
}

/**
 * @param {string[]} files
 * @param {string[]} paths
 * @param {string} [base]
 */
function prerendered(files, paths, base = '') {
	return prerendered_table(measured(...files), paths, { base, content_type });
}

test('dotfiles are hidden, .well-known is not', () => {
	for (const file of ['.env', 'a/.git/config', '.hidden/x', 'a/.well-known/x', '.well-known']) {
		assert.equal(is_hidden(file), true, file);
	}
	for (const file of ['a.b', '.well-known/x', '.well-known/acme/y', 'a/b..c']) {
		assert.equal(is_hidden(file), false, file);
	}
	assert.deepEqual(
		client(['.env', '.well-known/x.txt', 'a.txt']).entries.map(([key]) => key),
		['/.well-known/x.txt', '/a.txt']
	);
});

test('entries are sorted by code unit and carry what was measured', () => {
	const { entries } = client_table(
		[
			{ file: 'b.js', size: 10, etag: 'x', br: 5, gz: 6, zst: 7 },
			{ file: 'B.js', size: 1, etag: 'y' },
			{ file: 'ü.txt', size: 2, etag: 'z' },
			{ file: 'a b.txt', size: 3, etag: 'w' }
		],
		{ base: '', app_path: '_app', content_type }
	);
	assert.deepEqual(
		entries.map(([key]) => key),
		['/B.js', '/a b.txt', '/b.js', '/ü.txt']
	);
	assert.deepEqual(JSON.parse(JSON.stringify(entries[2][1])), {
		file: 'client/b.js',
		size: 10,
		etag: 'x',
		type: 'text/javascript',
		br: 5,
		gz: 6,
		zst: 7
	});
});

test('content types: charset for HTML, none for what is unknown', () => {
	assert.equal(content_type('a/b.html'), 'text/html;charset=utf-8');
	assert.equal(content_type('b.js'), 'text/javascript');
	for (const file of ['x', 'a.b/x', 'x.unknown', 'x.empty', '.well-known/html']) {
		assert.equal(content_type(file), undefined, file);
	}
});

test('foo.html answers /foo and /foo/', () => {
	assert.deepEqual(client(['foo.html']).aliases, [
		['/foo/', '/foo.html'],
		['/foo', '/foo.html']
	]);
});

test('foo/index.html does so only where there is no foo.html', () => {
	assert.deepEqual(client(['foo/index.html']).aliases, [
		['/foo/', '/foo/index.html'],
		['/foo', '/foo/index.html']
	]);
	assert.deepEqual(client(['foo/index.html', 'foo.html']).aliases, [
		['/foo/', '/foo.html'],
		['/foo', '/foo.html']
	]);
});

test('an alias never takes the path of a file', () => {
	assert.deepEqual(client(['foo', 'foo.html']).aliases, [['/foo/', '/foo.html']]);
});

test('index.html at the root answers /, below a base also the base itself', () => {
	assert.deepEqual(client(['index.html']).aliases, [['/', '/index.html']]);
	assert.deepEqual(client(['index.html'], '/b').aliases, [
		['/b/', '/b/index.html'],
		['/b', '/b/index.html']
	]);
});

test('with a base, keys and files have it', () => {
	const { entries } = client(['_app/immutable/x.js', '_app/version.json'], '/b');
	assert.deepEqual(
		entries.map(([key, { file, immutable }]) => [key, file, immutable]),
		[
			['/b/_app/immutable/x.js', 'client/b/_app/immutable/x.js', true],
			['/b/_app/version.json', 'client/b/_app/version.json', undefined]
		]
	);
});

test('only what lies below the app path is immutable', () => {
	const { entries } = client(['_app/immutable/a.js', '_app/immutable.js', 'x/_app/immutable/b.js']);
	assert.deepEqual(
		entries.filter(([, { immutable }]) => immutable).map(([key]) => key),
		['/_app/immutable/a.js']
	);
});

test('prerendered files answer exactly the paths that were prerendered', () => {
	const table = prerendered(
		[
			'index.html',
			'a.html',
			'b/index.html',
			'data.json',
			'a/__data.json',
			'stray.html',
			'c',
			'c.html'
		],
		['/', '/a', '/b/', '/data.json', '/a/__data.json', '/gone', '/c']
	);
	assert.deepEqual(
		table.map(([path, { file }]) => [path, file]),
		[
			['/', 'prerendered/index.html'],
			['/a', 'prerendered/a.html'],
			['/a/__data.json', 'prerendered/a/__data.json'],
			['/b/', 'prerendered/b/index.html'],
			['/c', 'prerendered/c'],
			['/data.json', 'prerendered/data.json']
		]
	);
});

test('the prerendered root below a base, in each of its forms', () => {
	assert.deepEqual(
		prerendered(['index.html'], ['/b'], '/b').map(([path, { file }]) => [path, file]),
		[['/b', 'prerendered/b/index.html']]
	);
	assert.deepEqual(
		prerendered(['index.html'], ['/b/'], '/b').map(([path]) => path),
		['/b/']
	);
});

test('a hidden prerendered file is not served', () => {
	assert.deepEqual(prerendered(['.secret.html'], ['/.secret']), []);
});
