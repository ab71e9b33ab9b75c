/**
 * What the value of an option may be, and the words for it. Units and bounds of what matters at run
 * time are not looked at: Rust alone reads those.
 */
import { PLATFORMS } from './platforms.js';

/**
 * What a value has to be, and the words for it.
 * @typedef {object} Rule
 * @property {string} takes
 * @property {(value: any) => boolean} accepts
 */

/** @type {Rule} */
export const text = {
	takes: 'a string that is not empty',
	accepts: (value) => typeof value === 'string' && value !== ''
};

/** @type {Rule} */
export const flag = { takes: 'true or false', accepts: (value) => typeof value === 'boolean' };

/** @type {Rule} */
export const prefix = {
	takes: 'a string of letters, digits and underscores',
	accepts: (value) => typeof value === 'string' && /^\w*$/.test(value)
};

/** @type {Rule} */
export const duration = {
	takes: 'a number that is not negative, or a string like "30s"',
	accepts: (value) => is_amount(value) || text.accepts(value)
};

/** @type {Rule} */
export const size = {
	takes: 'a number of bytes, or a string like "512K" or "10mb"',
	accepts: (value) => is_amount(value) || text.accepts(value)
};

/** @type {Rule} */
export const size_or_infinity = {
	takes: 'a number of bytes, a string like "512K" or "10mb", or Infinity',
	accepts: (value) => value === Infinity || size.accepts(value)
};

/** @type {Rule} */
export const count = {
	takes: 'a whole number above 0',
	accepts: (value) => Number.isSafeInteger(value) && value > 0
};

/** @type {Rule} */
export const count_or_none = {
	takes: 'a whole number that is not negative',
	accepts: (value) => value === 0 || count.accepts(value)
};

/** @type {Rule} */
export const percent = {
	takes: 'a whole number from 1 to 100',
	accepts: (value) => count.accepts(value) && value <= 100
};

/** @type {Rule} */
export const memory = {
	takes: 'a number of MB, or a string like "768mb" or "2G"',
	accepts: size.accepts
};

/** @type {Rule} */
export const workers = {
	takes: "a whole number above 0 or 'auto'",
	accepts: (value) => value === 'auto' || count.accepts(value)
};

const STRATEGIES = ['round-robin', 'least-connections', 'cpu-based'];

/** @type {Rule} */
export const balancing = {
	takes: `one of ${STRATEGIES.map((name) => `'${name}'`).join(', ')}`,
	accepts: (value) => STRATEGIES.includes(value)
};

/** @type {Rule} */
export const health_check = {
	takes:
		'true, false or { liveness?: string, readiness?: string }, paths of plain ASCII that start with one / and have no query, fragment, spaces or escapes',
	accepts: (value) =>
		typeof value === 'boolean' ||
		(is_record(value, ['liveness', 'readiness'], 'string') &&
			Object.values(/** @type {object} */ (value)).every(
				(each) => each === undefined || path.accepts(each)
			))
};

/** @type {Rule} */
export const web_objects = {
	takes: "'light' or 'native'",
	accepts: (value) => value === 'light' || value === 'native'
};

/**
 * As `is_url_path` in `src/config/parse.rs` has it: what the server would refuse at its start is
 * better told while building.
 * @type {Rule}
 */
export const path = {
	takes:
		'a path of plain ASCII that starts with one / and has no query, fragment, spaces or escapes: write /chat, not /ch%C3%A2t or /chât',
	accepts: (value) => typeof value === 'string' && /^\/(?!\/)[!"$&->@-[\]-~]*$/.test(value)
};

/** Bytes of a topic's name. */
const NAME_BYTES = 256;

/**
 * As `is_topics` there.
 * @param {unknown} value
 */
const is_topics = (value) =>
	typeof value === 'string' &&
	/^(?!__)[^*\p{Cc}]*\*?$/u.test(value) &&
	value !== '' &&
	Buffer.byteLength(value) <= NAME_BYTES;

/** @type {Rule} */
export const topics = {
	takes:
		'an array of names of topics, 256 bytes each at most, without control characters and not beginning with __; one that ends with * stands for all that begin so',
	accepts: (value) => Array.isArray(value) && value.every(is_topics)
};

/** @type {Rule} */
export const texts = {
	takes: 'an array of strings that are not empty',
	accepts: (value) => Array.isArray(value) && value.every(text.accepts)
};

/** @type {Rule} */
export const rate = {
	takes: 'a string like "20/10s", or 0',
	accepts: (value) => value === 0 || text.accepts(value)
};

const OVERFLOWS = ['skip', 'close', 'coalesce'];

/** @type {Rule} */
export const overflow = {
	takes: `one of ${OVERFLOWS.map((name) => `'${name}'`).join(', ')}`,
	accepts: (value) => OVERFLOWS.includes(value)
};

/** @type {Rule} */
export const websocket = {
	takes: 'true, false or an object of options',
	accepts: (value) => typeof value === 'boolean' || is_object(value)
};

/** @type {Rule} */
export const precompress = {
	takes: 'true, false or { brotli?: boolean, gzip?: boolean, zstd?: boolean }',
	accepts: (value) =>
		typeof value === 'boolean' || is_record(value, ['brotli', 'gzip', 'zstd'], 'boolean')
};

/** @type {Rule} */
export const platforms = {
	takes: `an array of ${PLATFORMS.join(', ')}`,
	accepts: (value) => Array.isArray(value) && value.every((name) => PLATFORMS.includes(name))
};

/** @param {unknown} value */
function is_amount(value) {
	return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function is_object(value) {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @param {string[]} keys
 * @param {'string' | 'boolean'} type
 */
function is_record(value, keys, type) {
	return (
		is_object(value) &&
		Object.entries(value).every(
			([key, inner]) => keys.includes(key) && (inner === undefined || typeof inner === type)
		)
	);
}
