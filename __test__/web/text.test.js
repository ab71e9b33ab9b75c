/**
 * Encoding text through the addon against the platform's own encoder: random texts of every
 * width and length, halves of surrogate pairs, and how the installed method behaves as one.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as native from '../../native/index.js';
import { install_text_encoder, text_encoder } from '../../runtime/text.js';

const { encode, write } = text_encoder(native);
const { prototype } = TextEncoder;
const descriptor = () =>
	/** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(prototype, 'encode'));
const original = descriptor();
const real = original.value;
const platform = (text) => Reflect.apply(real, new TextEncoder(), [text]);

const unit = fc.oneof(
	{ weight: 5, arbitrary: fc.integer({ min: 0, max: 0x7f }) },
	fc.integer({ min: 0x80, max: 0xff }),
	fc.integer({ min: 0x100, max: 0xffff }),
	fc.integer({ min: 0xd800, max: 0xdfff })
);
const text = fc
	.tuple(fc.array(unit, { maxLength: 300 }), fc.integer({ min: 1, max: 20 }))
	.map(([units, times]) => String.fromCharCode(...units).repeat(times));

describe('text to UTF-8', () => {
	test('encode gives what the platform gives, or nothing', () => {
		fc.assert(
			fc.property(text, (text) => {
				const fast = encode(text);
				if (fast === undefined) return;
				assert.equal(fast.constructor, Uint8Array);
				assert.equal(fast.byteOffset, 0);
				assert.equal(fast.buffer.byteLength, fast.length);
				assert.deepEqual(fast, platform(text));
			})
		);
		assert.notEqual(encode('€'.repeat(1000)), undefined);
	});

	test('write gives what the platform gives, and nothing beside it', () => {
		fc.assert(
			fc.property(text, fc.integer({ min: 0, max: 9 }), (text, at) => {
				const expected = platform(text);
				const buffer = Buffer.alloc(at + text.length * 3 + 1, 7);
				assert.equal(write(text, buffer, at), expected.length);
				assert.deepEqual(new Uint8Array(buffer.subarray(at, at + expected.length)), expected);
				assert.ok(buffer.subarray(0, at).every((byte) => byte === 7));
				assert.equal(buffer.at(-1), 7);
			})
		);
	});

	test('a text as long as it takes, and one longer', () => {
		for (const length of [128 * 1024, 128 * 1024 + 1]) {
			const text = '€'.repeat(length);
			assert.equal(Buffer.compare(encode(text) ?? platform(text), platform(text)), 0);
			const buffer = Buffer.alloc(length * 3);
			assert.equal(write(text, buffer, 0), length * 3);
			assert.equal(Buffer.compare(buffer, platform(text)), 0);
		}
	});

	test('what does not fit is an error and not a write beyond the end', () => {
		const buffer = Buffer.alloc(1000);
		assert.throws(() => write('€'.repeat(1000), buffer, 0), /beyond a buffer/);
		assert.throws(() => native.encodeUtf8(new Uint16Array(4), 5, buffer, 0), /beyond a buffer/);
		assert.throws(() => native.encodeUtf8(new Uint16Array(4), 4, buffer, 1001), /beyond a buffer/);
		assert.ok(buffer.every((byte) => byte === 0));
	});

	test('the installed method is the platform’s in all that a program can ask', (t) => {
		install_text_encoder(encode);
		t.after(() => Object.defineProperty(prototype, 'encode', original));
		const encoder = new TextEncoder();
		const long = '€'.repeat(1000);
		for (const input of [long, 'short', undefined, null, 5, { toString: () => long }]) {
			assert.deepEqual(
				encoder.encode(/** @type {any} */ (input)),
				Reflect.apply(real, encoder, [input])
			);
		}
		assert.deepEqual(encoder.encode(), new Uint8Array());
		for (const input of [long, 'short']) {
			assert.throws(() => prototype.encode.call({}, input), TypeError);
			assert.throws(() => Reflect.apply(real, {}, [input]), TypeError);
		}
		assert.throws(() => encoder.encode(/** @type {any} */ (Symbol('s'))), TypeError);
		const installed = descriptor();
		for (const key of /** @type {const} */ (['enumerable', 'configurable', 'writable'])) {
			assert.equal(installed[key], original[key]);
		}
		assert.equal(installed.value.name, 'encode');
		assert.equal(installed.value.length, real.length);
		assert.equal('prototype' in installed.value, 'prototype' in real);
	});
});
