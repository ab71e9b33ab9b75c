/**
 * The adapter's options: from what the user wrote to one object in which every question of the
 * build is answered. Options that only matter at run time keep the user's spelling and travel in
 * the hand-off; Rust alone reads their units and bounds. Here they are held to their JSON type.
 */
import {
	balancing,
	count,
	count_or_none,
	duration,
	flag,
	health_check,
	is_object,
	memory,
	overflow,
	path,
	percent,
	platforms,
	precompress,
	prefix,
	rate,
	size,
	size_or_infinity,
	text,
	texts,
	topics,
	web_objects,
	websocket,
	workers
} from './values.js';

/** @typedef {import('./values.js').Rule} Rule */

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
function shown(value) {
	if (typeof value === 'function') return 'a function';
	return JSON.stringify(value) ?? String(value);
}
