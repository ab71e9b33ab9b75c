/**
 * The adapter's options: from what the user wrote to one object in which every question of the
 * build is answered. Options that only matter at run time keep the user's spelling and travel in
 * the hand-off; Rust alone reads their units and bounds. Here they are held to their JSON type.
 */
import { PLATFORMS } from './platforms.js';

/**
 * @typedef {object} Options
 * @property {string} out
 * @property {import('./measure.js').Encodings} encodings
 * @property {string} env_prefix
 * @property {boolean | undefined} polyfill
 * @property {string[]} platforms
 * @property {Record<string, unknown>} run_time
 */

/**
 * What a value has to be, and the words for it.
 * @typedef {object} Rule
 * @property {string} takes
 * @property {(value: any) => boolean} accepts
 */

/** @type {Rule} */
const text = {
	takes: 'a string that is not empty',
	accepts: (value) => typeof value === 'string' && value !== ''
};

/** @type {Rule} */
const flag = { takes: 'true or false', accepts: (value) => typeof value === 'boolean' };

/** @type {Rule} */
const prefix = {
	takes: 'a string of letters, digits and underscores',
	accepts: (value) => typeof value === 'string' && /^\w*$/.test(value)
};

/** @type {Rule} */
const duration = {
	takes: 'a number that is not negative, or a string like "30s"',
	accepts: (value) => is_amount(value) || text.accepts(value)
};

/** @type {Rule} */
const size = {
	takes: 'a number of bytes, or a string like "512K" or "10mb"',
	accepts: (value) => is_amount(value) || text.accepts(value)
};

/** @type {Rule} */
const size_or_infinity = {
	takes: 'a number of bytes, a string like "512K" or "10mb", or Infinity',
	accepts: (value) => value === Infinity || size.accepts(value)
};

/** @type {Rule} */
const count = {
	takes: 'a whole number above 0',
	accepts: (value) => Number.isSafeInteger(value) && value > 0
};

/** @type {Rule} */
const count_or_none = {
	takes: 'a whole number that is not negative',
	accepts: (value) => value === 0 || count.accepts(value)
};

/** @type {Rule} */
const percent = {
	takes: 'a whole number from 1 to 100',
	accepts: (value) => count.accepts(value) && value <= 100
};

/** @type {Rule} */
const memory = {
	takes: 'a number of MB, or a string like "768mb" or "2G"',
	accepts: size.accepts
};

/** @type {Rule} */
const workers = {
	takes: "a whole number above 0 or 'auto'",
	accepts: (value) => value === 'auto' || count.accepts(value)
};

const STRATEGIES = ['round-robin', 'least-connections', 'cpu-based'];

/** @type {Rule} */
const balancing = {
	takes: `one of ${STRATEGIES.map((name) => `'${name}'`).join(', ')}`,
	accepts: (value) => STRATEGIES.includes(value)
};

/** @type {Rule} */
const health_check = {
	takes: 'true, false or { liveness?: string, readiness?: string }',
	accepts: (value) =>
		typeof value === 'boolean' || is_record(value, ['liveness', 'readiness'], 'string')
};

/** @type {Rule} */
const web_objects = {
	takes: "'light' or 'native'",
	accepts: (value) => value === 'light' || value === 'native'
};

/** @type {Rule} */
const precompress = {
	takes: 'true, false or { brotli?: boolean, gzip?: boolean, zstd?: boolean }',
	accepts: (value) =>
		typeof value === 'boolean' || is_record(value, ['brotli', 'gzip', 'zstd'], 'boolean')
};

/** @type {Rule} */
const platforms = {
	takes: `an array of ${PLATFORMS.join(', ')}`,
	accepts: (value) => Array.isArray(value) && value.every((name) => PLATFORMS.includes(name))
};

/** @type {Record<string, Rule>} */
const BUILD_TIME = {
	out: text,
	precompress,
	envPrefix: prefix,
	polyfill: flag,
	platforms
};

/**
 * The options of the table in `src/config/settings.rs`; a test compares the two.
 * @type {Record<string, Rule>}
 */
export const RUN_TIME = {
	keepAliveTimeout: duration,
	headersTimeout: duration,
	requestTimeout: duration,
	gracefulShutdownTimeout: duration,
	bodyLimit: size_or_infinity,
	maxHeaders: count,
	maxHeaderSize: size,
	maxConnections: count,
	assetMemoryFileLimit: size,
	assetMemoryLimit: size,
	workers,
	isolated: flag,
	autoScale: flag,
	minWorkers: count,
	maxWorkers: count,
	cpuThreshold: percent,
	memoryThreshold: percent,
	balancing,
	stickySession: flag,
	maxQueue: count,
	queueTimeout: duration,
	maxInFlight: count,
	unresponsiveTimeout: duration,
	healthCheckInterval: duration,
	maxRequestsPerWorker: count_or_none,
	maxMemoryUsage: memory,
	maxWorkerAge: duration,
	keepBuilds: count_or_none,
	healthCheck: health_check,
	webObjects: web_objects
};

const RULES = { ...BUILD_TIME, ...RUN_TIME };

/**
 * @param {unknown} given
 * @returns {Options}
 * @throws one error that tells of every mistake
 */
export function decide_options(given = {}) {
	if (typeof given !== 'object' || given === null || Array.isArray(given)) {
		throw new Error(`svelte-adapter-oxide takes an object of options, but got ${shown(given)}`);
	}

	// An option set to `undefined` is one that was not set: people write `x: condition ? 1 : undefined`.
	const options = Object.fromEntries(
		Object.entries(given).filter(([, value]) => value !== undefined)
	);
	const mistakes = Object.entries(options).flatMap(([name, value]) => {
		if (!Object.hasOwn(RULES, name)) return [unknown(name)];
		const rule = RULES[name];
		return rule.accepts(value) ? [] : [`${name} is ${shown(value)}, but takes ${rule.takes}`];
	});
	if (mistakes.length > 0) {
		throw new Error(['svelte-adapter-oxide cannot use its options:', ...mistakes].join('\n  - '));
	}

	return {
		out: options.out ?? 'build',
		encodings: encodings(options.precompress ?? true),
		env_prefix: options.envPrefix ?? '',
		polyfill: options.polyfill,
		platforms: options.platforms ?? [],
		run_time: Object.fromEntries(
			Object.keys(RUN_TIME)
				.filter((name) => name in options)
				// JSON has no Infinity; the word is what the environment variable takes as well.
				.map((name) => [name, options[name] === Infinity ? 'Infinity' : options[name]])
		)
	};
}

/**
 * zstd has to be asked for: few clients prefer it to brotli, and its variants cost disk.
 * @param {boolean | Partial<import('./measure.js').Encodings>} option
 * @returns {import('./measure.js').Encodings}
 */
function encodings(option) {
	if (typeof option === 'boolean') return { brotli: option, gzip: option, zstd: false };
	return { brotli: option.brotli ?? true, gzip: option.gzip ?? true, zstd: option.zstd ?? false };
}

/** @param {string} name */
function unknown(name) {
	const known = Object.keys(RULES);
	const meant = known.find((other) => other.toLowerCase() === name.toLowerCase());
	return `${name} is not an option${meant ? `, but ${meant} is` : ''}. The options are ${known.join(', ')}`;
}

/** @param {unknown} value */
function is_amount(value) {
	return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/**
 * @param {unknown} value
 * @param {string[]} keys
 * @param {'string' | 'boolean'} type
 */
function is_record(value, keys, type) {
	return (
		typeof value === 'object' &&
		value !== null &&
		!Array.isArray(value) &&
		Object.entries(value).every(
			([key, inner]) => keys.includes(key) && (inner === undefined || typeof inner === type)
		)
	);
}

/** @param {unknown} value */
function shown(value) {
	if (typeof value === 'function') return 'a function';
	return JSON.stringify(value) ?? String(value);
}
