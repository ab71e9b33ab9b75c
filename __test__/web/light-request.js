/** Light requests for tests, made as the worker makes them: from a record of the wire. */
import { LightRequest } from '../../runtime/web/request.js';

const ORIGIN = 'https://a.test';

/**
 * @param {{ origin?: string, headers?: Record<string, string>, body?: string, type?: string }} [given]
 * @returns {Request}
 */
export function light_request({ origin = ORIGIN, headers = {}, body, type } = {}) {
	const all = type === undefined ? headers : { ...headers, 'content-type': type };
	const record = {
		method: body === undefined ? 'GET' : 'POST',
		target: '/',
		origin,
		canonical: true,
		headers: Object.entries(all)
			.map(([name, value]) => `${name}\n${value}\n`)
			.join('')
	};
	const inbound = body === undefined ? null : whole_body(new TextEncoder().encode(body));
	return /** @type {any} */ (
		new LightRequest(/** @type {any} */ (record), origin, /** @type {any} */ (inbound))
	);
}

/** @param {Uint8Array} whole */
function whole_body(whole) {
	/** @type {ReadableStream | undefined} */
	let stream;
	return {
		whole,
		get stream() {
			return (stream ??= new ReadableStream({
				start(controller) {
					controller.enqueue(whole);
					controller.close();
				}
			}));
		}
	};
}
