/**
 * What is sent and published, in the one form that the hub knows for it:
 *
 * - a string goes out as it is, as a text message; one that begins as only the hub's own frames and
 *   events do gets a space in front, or whoever's text is passed on could speak for the hub;
 * - bytes (`Uint8Array`, any other view, `ArrayBuffer`) go out as they are, as a binary message;
 * - anything else is an event, `{"type":…,"data":…,"timestamp":…}` as JSON: an object that has a
 *   `type`, which is a string, and nothing else but `data` brings both along; any other value is the
 *   data of an event of type `message`;
 * - given a type of its own, a string or any other value that is not bytes is the data of such an event.
 */

/** What such types mean is for the hub to say. */
const RESERVED = '__';

/** How the hub's own frames begin, and the events of topics: to the letter, for those who read them. */
const OUR_OWN = /^\{"(?:type":"__|topic":)/;

/** An event's type where nobody names one. */
const DEFAULT_TYPE = 'message';

/**
 * @param {unknown} data
 * @returns {Uint8Array | null} `null`: it is not bytes
 */
export function as_bytes(data) {
	if (data instanceof Uint8Array) return data;
	if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
	if (ArrayBuffer.isView(data)) {
		return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	}
	return null;
}

/**
 * Whether it brings its own type. One with further members is data as a whole: they would be lost.
 * @param {unknown} data
 * @returns {data is { type: string, data?: unknown }}
 */
function is_event(data) {
	return (
		typeof data === 'object' &&
		data !== null &&
		typeof (/** @type {{ type?: unknown }} */ (data).type) === 'string' &&
		Object.keys(data).every((key) => key === 'type' || key === 'data')
	);
}

/**
 * @param {unknown} data not bytes
 * @param {string} [type]
 * @returns {{ text: string, event: boolean }}
 */
export function as_text(data, type) {
	if (type === undefined) {
		if (typeof data === 'string') {
			return { text: OUR_OWN.test(data) ? ` ${data}` : data, event: false };
		}
		if (is_event(data)) return { text: event_text(data.type, data.data), event: true };
	}
	return { text: event_text(type ?? DEFAULT_TYPE, data), event: true };
}

/**
 * @param {string} type
 * @param {unknown} data
 */
function event_text(type, data) {
	if (typeof type !== 'string' || type === '') {
		throw new TypeError('The type of an event has to be a string that is not empty');
	}
	if (type.startsWith(RESERVED)) {
		throw new TypeError(`The type of an event cannot begin with ${RESERVED}: ${type}`);
	}
	return JSON.stringify({ type, data: json_value(data), timestamp: Date.now() });
}

/**
 * What JSON has no word for, as `undefined` and functions, would be left out in an object.
 * @param {unknown} data
 */
export function json_value(data) {
	return data === undefined ? null : data;
}
