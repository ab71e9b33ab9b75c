/**
 * Bodies as text. The one rare thing, a byte order mark, is left to the platform, whose
 * versions do not agree on how much of it they take away.
 */
import { NativeResponse, of_response } from './natives.js';

const decoder = new TextDecoder();

/**
 * @param {string | Uint8Array<ArrayBuffer>} body
 * @returns {Promise<string>}
 */
export async function read_text(body) {
	return begins_with_mark(body) ? ask(of_response.text, body) : decode(body);
}

/**
 * @param {string | Uint8Array<ArrayBuffer>} body
 * @returns {Promise<any>}
 */
export async function read_json(body) {
	return begins_with_mark(body) ? ask(of_response.json, body) : JSON.parse(decode(body));
}

/** @param {string | Uint8Array} body */
function begins_with_mark(body) {
	return typeof body === 'string'
		? body.charCodeAt(0) === 0xfeff
		: body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}

/**
 * @param {Function} reader of a real response
 * @param {string | Uint8Array<ArrayBuffer>} body
 */
const ask = (reader, body) => Reflect.apply(reader, new NativeResponse(body), []);

/** @param {string | Uint8Array} body */
const decode = (body) => (typeof body === 'string' ? body.toWellFormed() : decoder.decode(body));
