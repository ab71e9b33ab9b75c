/** Header lines as they cross the wire. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { without } from '../../runtime/header-lines.js';

test('a header is left out by its name, not where another has that name as its value', () => {
	const lines =
		'access-control-expose-headers\ncontent-length\ncontent-length\n5\ncontent-type\ntext/plain\n';
	assert.equal(
		without(lines, 'content-length'),
		'access-control-expose-headers\ncontent-length\ncontent-type\ntext/plain\n'
	);
	assert.equal(
		without('vary\ncontent-length\na\n\n', 'content-length'),
		'vary\ncontent-length\na\n\n'
	);
});
