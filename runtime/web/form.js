/**
 * A form as browsers send one that has no files, read without a stream. Anything that is not plainly
 * one is left to the platform, whose versions do not agree on the rest.
 */
import { builtin } from '../builtin.js';

const { isAscii } = builtin('node:buffer');

const NativeFormData = globalThis.FormData;

const decoder = new TextDecoder();

/** What browsers say, with or without the charset that some libraries add. */
const PLAIN = /^application\/x-www-form-urlencoded(?:; ?charset=utf-8)?$/i;

const QUESTION_MARK = 0x3f;

/**
 * @param {string | null} type the request's content type
 * @param {Uint8Array} bytes
 * @returns {FormData | null} `null`: ask the platform
 */
export function read_form(type, bytes) {
	if (type === null || !PLAIN.test(type)) return null;
	// beyond ASCII a text is not its bytes; and in front, `URLSearchParams` takes a question mark away
	if (!isAscii(bytes) || bytes[0] === QUESTION_MARK) return null;
	const form = new NativeFormData();
	for (const [name, value] of new URLSearchParams(decoder.decode(bytes))) form.append(name, value);
	return form;
}
