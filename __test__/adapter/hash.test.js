/** SvelteKit's hash and the one put in its place: the same number for every text there is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { faster_hash } from '../../adapter/kit-hash.js';

const require = createRequire(import.meta.url);
const kit = path.dirname(require.resolve('@sveltejs/kit/package.json'));
const source = readFileSync(path.join(kit, 'src/utils/hash.js'), 'utf8');

/**
 * @param {string} code
 * @returns {Promise<{ hash(...values: Array<string | Uint8Array>): string }>}
 */
const evaluate = (code) => import(`data:text/javascript,${encodeURIComponent(code)}`);

const { hash } = await evaluate(source);
const replaced = faster_hash(source);

/** Put together from pieces, as a page is. */
const text = fc
	.array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('<td>', 'é', '€')), {
		maxLength: 60
	})
	.chain((pieces) => fc.integer({ min: 1, max: 9 }).map((n) => pieces.join('').repeat(n)));

describe('the hash of pages', () => {
	test('the SvelteKit that is installed has the loop that is known', () => {
		assert.notEqual(replaced, null);
	});

	test('gives the same for any text, bytes and lists of both', async () => {
		const faster = await evaluate(/** @type {string} */ (replaced));
		const value = fc.oneof(text, fc.uint8Array());
		fc.assert(
			fc.property(fc.array(value, { maxLength: 4 }), (values) => {
				assert.equal(faster.hash(...values), hash(...values));
			}),
			{ numRuns: 500 }
		);
		for (const length of [63, 64, 128 * 1024, 128 * 1024 + 1]) {
			for (const character of ['a', 'ÿ', '€', '\ud83d']) {
				const text = character.repeat(length);
				assert.equal(faster.hash(text), hash(text), `${length} of ${character}`);
			}
		}
		assert.throws(() => faster.hash(/** @type {any} */ (5)), TypeError);
	});

	test('what surrounds the loop keeps its lines', () => {
		const before = source.split('\n');
		const after = /** @type {string} */ (replaced).split('\n');
		for (const [index, line] of before.entries()) {
			if (!line.includes('value.length') && !line.includes('charCodeAt')) {
				assert.equal(after[index], line);
			}
		}
	});

	test('another version is left alone', () => {
		assert.equal(faster_hash(source.replace('33', '31')), null);
	});
});
