/**
 * Text to UTF-8, fast also where it holds characters beyond Latin-1: V8 keeps such a text in
 * UTF-16 and takes 4 ns for each of its characters to encode it, a page's worth of tables and
 * one `€` included. The addon does the same with vector instructions.
 *
 * @import { Native } from './native.js'
 */

/** One character beyond Latin-1. V8 knows at once that a text it keeps in Latin-1 has none. */
const wide = /[^\0-\xff]/;

/** Below this the call costs more than it saves. */
const MIN = 256;

/** Units of the longest text that is worth the memory to hold it twice more. */
const MAX = 128 * 1024;

// one of each for all encoders, made when first needed: a text is done before the next begins

/** @type {Uint16Array | undefined} */
let units;
/** @type {Buffer} the same memory */
let unit_bytes;
/** @type {Buffer | undefined} */
let scratch;

/**
 * Whether the addon encodes `text` faster than V8.
 * @param {string} text
 */
const is_worth = (text) => text.length >= MIN && text.length <= MAX && wide.test(text);

/**
 * @param {Pick<Native, 'encodeUtf8'>} native
 */
export function text_encoder({ encodeUtf8 }) {
	/**
	 * @param {string} text which `is_worth` it
	 * @param {Buffer} buffer
	 * @param {number} at
	 * @returns {number} bytes written
	 */
	function transcode(text, buffer, at) {
		if (units === undefined) {
			units = new Uint16Array(MAX);
			unit_bytes = Buffer.from(units.buffer);
		}
		unit_bytes.write(text, 0, 'utf16le');
		return encodeUtf8(units, text.length, buffer, at);
	}

	/**
	 * Writes `text` into `buffer`, which has room for three bytes a character.
	 * @param {string} text
	 * @param {Buffer} buffer
	 * @param {number} at
	 * @returns {number} bytes written
	 */
	function write(text, buffer, at) {
		return is_worth(text) ? transcode(text, buffer, at) : buffer.utf8Write(text, at);
	}

	/**
	 * What `TextEncoder.prototype.encode` returns for `text`, if this is the faster way.
	 * @param {string} text
	 * @returns {Uint8Array<ArrayBuffer> | undefined}
	 */
	function encode(text) {
		if (!is_worth(text)) return undefined;
		scratch ??= Buffer.allocUnsafeSlow(MAX * 3);
		const length = transcode(text, scratch, 0);
		return new Uint8Array(/** @type {ArrayBuffer} */ (scratch.buffer).slice(0, length));
	}

	return { write, encode };
}

/**
 * Lets every `TextEncoder` encode through `encode` where that returns something. SvelteKit
 * encodes each page it renders.
 * @param {(text: string) => Uint8Array<ArrayBuffer> | undefined} encode
 */
export function install_text_encoder(encode) {
	const { prototype } = TextEncoder;
	const descriptor = /** @type {PropertyDescriptor} */ (
		Object.getOwnPropertyDescriptor(prototype, 'encode')
	);
	const original = descriptor.value;
	const encoding = /** @type {() => string} */ (
		Object.getOwnPropertyDescriptor(prototype, 'encoding')?.get
	);
	const methods = {
		/** @this {TextEncoder} @param {string} [input] */
		encode(input = '') {
			const fast = typeof input === 'string' ? encode(input) : undefined;
			if (fast === undefined) return Reflect.apply(original, this, [input]);
			// throws for what is no `TextEncoder`, as the original does
			Reflect.apply(encoding, this, []);
			return fast;
		}
	};
	Object.defineProperty(prototype, 'encode', { ...descriptor, value: methods.encode });
}
