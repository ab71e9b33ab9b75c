/**
 * The app's WebSocket hooks: what `src/hooks.ws.js` exports, held to its shape, by the paths that
 * lead to them. A module that cannot be used keeps no HTTP from being served: it is told at the
 * start, and every handshake at the app's WebSocket path is answered with 500.
 */
import { settings } from '../native.js';
import { compile, find, sorted } from './paths.js';

/** @typedef {import('../../hub.js').Hooks} Hooks */
/** @typedef {import('./paths.js').Path<Hooks>} Path */

const NAMES = /** @type {const} */ ([
	'upgrade',
	'open',
	'message',
	'close',
	'error',
	'drain',
	'subscribe',
	'request'
]);

/** In the order in which they are tried. @type {Path[]} */
let paths = [];

/** @type {Map<string, Hooks>} by pattern */
const by_pattern = new Map();

/** Why the app's hooks cannot be used. @type {Error | null} */
let fault = null;

/** `paths.base`. */
let base = '';

/** Whether any path has such a hook. @type {Set<string>} */
const present = new Set();

/**
 * Called once, before the first handshake.
 * @param {object} handoff
 * @param {(() => Promise<Record<string, unknown>>) | undefined} handoff.hooks_ws imports the app's
 *   module, where it has one
 * @param {string} handoff.base
 */
export async function load_hooks({ hooks_ws: load, base: app_base }) {
	base = app_base;
	try {
		use_hooks(load === undefined ? {} : await load());
	} catch (error) {
		use_none(error);
		console.error(
			`src/hooks.ws cannot be used, and WebSocket handshakes are answered with 500:`,
			error
		);
	}
}

/** @param {string} app_base `paths.base` of the app that hooks will be used of */
export function use_base(app_base) {
	base = app_base;
}

/**
 * Puts a module's hooks in the place of those that are there.
 * @param {Record<string, unknown>} module
 * @throws if they cannot be used; then those that are there stay
 */
export function use_hooks(module) {
	const found = paths_of(module);
	fault = null;
	paths = sorted(found);
	by_pattern.clear();
	present.clear();
	for (const { pattern, hooks } of paths) {
		by_pattern.set(pattern, hooks);
		for (const name of Object.keys(hooks)) present.add(name);
	}
}

/**
 * There are no hooks that could be used: the path of the app's own is known all the same. A peer that
 * is here already is told to come again, as one whose path has gone.
 * @param {unknown} error why
 */
export function use_none(error) {
	fault = new Error('src/hooks.ws cannot be used', { cause: error });
	paths = [compile(own_path(), {})];
	by_pattern.clear();
	present.clear();
}

/** That of the hooks which are in no `routes`, without the base. */
function own_path() {
	const { path } = /** @type {{ path: string }} */ (settings.websocket);
	return path.slice(base.length);
}

/**
 * @param {Record<string, unknown>} module
 * @param {string} [path] of the hooks that are not in `routes`
 * @returns {Path[]}
 */
export function paths_of(module, path = own_path()) {
	const exported = /** @type {Record<string, unknown>} */ (module.default ?? module);
	if (exported !== module) {
		// one of the two would be left out, and it may be the `upgrade` that keeps others out
		const beside = [...NAMES, 'routes'].find((name) => module[name] !== undefined);
		if (beside !== undefined) {
			throw new TypeError(
				`src/hooks.ws exports \`${beside}\` beside a default export: put it in there`
			);
		}
		known_only(exported, [...NAMES, 'routes'], 'the default export of src/hooks.ws');
	}
	const own = hooks_of(exported, 'src/hooks.ws');
	const found = new Map([[path, compile(path, own)]]);
	const routes = exported.routes ?? {};
	if (typeof routes !== 'object') throw new TypeError('`routes` of src/hooks.ws is no object');
	for (const [pattern, hooks] of Object.entries(routes)) {
		// what a path leaves out is as for all, `upgrade` above all: it may be what keeps others out
		const where = `the path ${pattern} of src/hooks.ws`;
		const all = { ...own, ...hooks_of(hooks, where) };
		known_only(/** @type {object} */ (hooks), NAMES, where);
		found.set(pattern, compile(pattern, all));
	}
	return [...found.values()];
}

/**
 * A name that is none of a hook is a slip of the pen, where there is nothing else to name.
 * @param {object} value
 * @param {readonly string[]} names
 * @param {string} where
 */
function known_only(value, names, where) {
	const other = Object.keys(value).find((name) => !names.includes(name));
	if (other !== undefined) {
		throw new TypeError(
			`${where} has a member \`${other}\`, which is no hook: ${names.join(', ')}`
		);
	}
}

/**
 * @param {unknown} value
 * @param {string} where
 * @returns {Hooks}
 */
function hooks_of(value, where) {
	if (typeof value !== 'object' || value === null) throw new TypeError(`${where} is no object`);
	/** @type {Record<string, unknown>} */
	const hooks = {};
	for (const name of NAMES) {
		const hook = /** @type {Record<string, unknown>} */ (value)[name];
		if (hook === undefined) continue;
		if (typeof hook !== 'function') throw new TypeError(`\`${name}\` of ${where} is no function`);
		hooks[name] = hook;
	}
	return hooks;
}

/**
 * @param {string} pathname with the base
 * @returns {{ path: Path, params: Record<string, string> } | null}
 * @throws if the path is the app's and its hooks cannot be used
 */
export function find_hooks(pathname) {
	const found = find_path(pathname);
	if (found !== null && fault !== null) throw fault;
	return found;
}

/** @param {string} pathname with the base */
function find_path(pathname) {
	if (!pathname.startsWith(base)) return null;
	return find(paths, pathname.slice(base.length) || '/');
}

/**
 * Whether a path is the app's, whether its hooks can be used or not.
 * @param {string} pathname with the base
 */
export const has_path = (pathname) => find_path(pathname) !== null;

/**
 * @param {string} pattern
 * @returns {Hooks | undefined} none where the app has no such path any more
 */
export const hooks_at = (pattern) => by_pattern.get(pattern);

/** @param {keyof Hooks} name */
export const has_hook = (name) => present.has(name);
