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

/** Under this the adapter keeps its options, for plugins that it has not made itself. */
export const OPTIONS = Symbol.for('svelte-adapter-oxide.options');

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
const web_objects = {
	takes: "'light' or 'native'",
	accepts: (value) => value === 'light' || value === 'native'
};

/**
 * As `is_url_path` in `src/config/parse.rs` has it: what the server would refuse at its start is
 * better told while building.
 * @type {Rule}
 */
const path = {
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
const topics = {
	takes:
		'an array of names of topics, 256 bytes each at most, without control characters and not beginning with __; one that ends with * stands for all that begin so',
	accepts: (value) => Array.isArray(value) && value.every(is_topics)
};

/** @type {Rule} */
const texts = {
	takes: 'an array of strings that are not empty',
	accepts: (value) => Array.isArray(value) && value.every(text.accepts)
};

/** @type {Rule} */
const rate = {
	takes: 'a string like "20/10s", or 0',
	accepts: (value) => value === 0 || text.accepts(value)
};

const OVERFLOWS = ['skip', 'close', 'coalesce'];

/** @type {Rule} */
const overflow = {
	takes: `one of ${OVERFLOWS.map((name) => `'${name}'`).join(', ')}`,
	accepts: (value) => OVERFLOWS.includes(value)
};

/**
 * Options that stand in another one.
 * @typedef {{ [name: string]: Rule | Rules }} Rules
 */

/**
 * What `websocket` takes besides true and false.
 * @type {Rules}
 */
const WEBSOCKET = {
	path,
	allowedOrigins: texts,
	requireOrigin: flag,
	upgradeRateLimit: rate,
	maxPeers: count,
	maxPeersPerAddress: count,
	maxSubscriptions: count,
	maxTopics: count,
	maxMessageSize: size,
	maxQueuedBytes: size,
	overflow,
	heartbeat: duration,
	idleTimeout: duration,
	replay: { size: count_or_none, ttl: duration },
	publicTopics: topics,
	redis: { url: text, prefix: text }
};

/** @type {Rule} */
const websocket = {
	takes: 'true, false or an object of options',
	accepts: (value) => typeof value === 'boolean' || is_object(value)
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
	websocket,
	healthCheck: health_check,
	webObjects: web_objects
};

const RULES = { ...BUILD_TIME, ...RUN_TIME };

/**
 * The names of all run-time options, those within others as `outer.inner`.
 * @returns {string[]}
 */
export function run_time_names() {
	return [...Object.keys(RUN_TIME), ...names(WEBSOCKET, 'websocket.')];
}

/**
 * @param {Rules} rules
 * @param {string} prefix
 * @returns {string[]}
 */
function names(rules, prefix) {
	return Object.entries(rules).flatMap(([name, rule]) =>
		is_rule(rule) ? [prefix + name] : names(rule, `${prefix}${name}.`)
	);
}

/**
 * @param {Rule | Rules} rule
 * @returns {rule is Rule}
 */
function is_rule(rule) {
	return typeof rule.takes === 'string';
}

/**
 * @param {unknown} given
 * @returns {Options}
 * @throws one error that tells of every mistake
 */
export function decide_options(given = {}) {
	if (!is_object(given)) {
		throw new Error(`svelte-adapter-oxide takes an object of options, but got ${shown(given)}`);
	}

	// An option set to `undefined` is one that was not set: people write `x: condition ? 1 : undefined`.
	const options = without_undefined(given);
	const mistakes = find_mistakes(options, RULES, '');
	if (is_object(options.websocket)) {
		mistakes.push(...find_mistakes(options.websocket, WEBSOCKET, 'websocket.'));
	}
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
 * @param {Record<string, any>} given
 * @returns {Record<string, any>}
 */
function without_undefined(given) {
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * @param {Record<string, any>} given
 * @param {Rules} rules
 * @param {string} prefix what the names of `given` stand in
 * @returns {string[]}
 */
function find_mistakes(given, rules, prefix) {
	return Object.entries(without_undefined(given)).flatMap(([key, value]) => {
		const name = prefix + key;
		if (!Object.hasOwn(rules, key)) return [unknown(name, rules, prefix)];
		const rule = rules[key];
		const takes = is_rule(rule) ? rule.takes : 'an object of options';
		if (!(is_rule(rule) ? rule.accepts(value) : is_object(value))) {
			return [`${name} is ${shown(value)}, but takes ${takes}`];
		}
		return is_rule(rule) ? [] : find_mistakes(value, rule, `${name}.`);
	});
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

/**
 * @param {string} name
 * @param {Rules} rules
 * @param {string} prefix
 */
function unknown(name, rules, prefix) {
	const known = Object.keys(rules).map((key) => prefix + key);
	const meant = known.find((other) => other.toLowerCase() === name.toLowerCase());
	return `${name} is not an option${meant ? `, but ${meant} is` : ''}. The options are ${known.join(', ')}`;
}

/** @param {unknown} value */
function is_amount(value) {
	return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function is_object(value) {
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

/** @param {unknown} value */
function shown(value) {
	if (typeof value === 'function') return 'a function';
	return JSON.stringify(value) ?? String(value);
}
