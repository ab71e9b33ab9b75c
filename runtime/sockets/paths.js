/**
 * Which hooks a handshake's path leads to: SvelteKit's syntax of routes, `[param]`, `[[optional]]`
 * and `[...rest]`, and its order, in which what is more specific comes first. Matchers are left out:
 * they live in the app's routes, and a hook can look at its params.
 */

/**
 * @template T
 * @typedef {object} Path
 * @property {string} pattern as the app wrote it
 * @property {RegExp} regexp
 * @property {Array<{ name: string, rest: boolean }>} params
 * @property {number[]} rank of each segment; smaller comes first
 * @property {T} hooks
 */

const STATIC = 0;
const MIXED = 1;
const PARAM = 2;
const OPTIONAL = 3;
const REST = 4;

const PARAMETER = /\[(\[)?(\.\.\.)?([^[\]]*)\](\])?/g;

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/**
 * @template T
 * @param {string} pattern
 * @param {T} hooks
 * @returns {Path<T>}
 * @throws with what is wrong with the pattern
 */
export function compile(pattern, hooks) {
	if (!pattern.startsWith('/')) throw new Error(`the path ${pattern} has to begin with /`);
	/** @type {Path<T>['params']} */
	const params = [];
	/** @type {number[]} */
	const rank = [];
	let source = '';
	for (const segment of pattern.split('/').filter((part) => part !== '')) {
		const before = params.length;
		source += segment_source(segment, pattern, params);
		rank.push(rank_of(segment, params.length - before));
	}
	const names = params.map(({ name }) => name);
	if (new Set(names).size < names.length) {
		throw new Error(`the path ${pattern} has two parameters of one name`);
	}
	// one slash at the end is as good as none, as in a page's address
	return { pattern, regexp: new RegExp(`^${source}/?$`), params, rank, hooks };
}

/**
 * @param {string} segment
 * @param {string} pattern
 * @param {Path<unknown>['params']} params appended to
 */
function segment_source(segment, pattern, params) {
	let source = '';
	let at = 0;
	for (const found of segment.matchAll(PARAMETER)) {
		const [whole, open, dots, name, close] = found;
		if (!/^\w+$/.test(name) || (open === undefined) !== (close === undefined)) {
			throw new Error(
				`the path ${pattern} has ${whole}, which is no parameter: a name in brackets, without a matcher`
			);
		}
		const alone = whole === segment;
		const rest = dots !== undefined;
		if ((rest || open !== undefined) && !alone) {
			throw new Error(`in the path ${pattern}, ${whole} has to be a segment of its own`);
		}
		if (rest && open !== undefined) {
			throw new Error(`in the path ${pattern}, ${whole} is optional without its outer brackets`);
		}
		params.push({ name, rest });
		if (rest) return '(?:/([^]*))?';
		if (open !== undefined) return '(?:/([^/]+))?';
		source += `${escaped(segment.slice(at, found.index))}([^/]+?)`;
		at = found.index + whole.length;
	}
	return `/${source}${escaped(segment.slice(at))}`;
}

/**
 * @param {string} segment
 * @param {number} params that it has
 */
function rank_of(segment, params) {
	if (params === 0) return STATIC;
	if (segment.startsWith('[[')) return OPTIONAL;
	if (segment.startsWith('[...')) return REST;
	return params === 1 && /^\[\w+\]$/.test(segment) ? PARAM : MIXED;
}

/**
 * The order in which paths are tried; the given one where neither is more specific.
 * @template T
 * @param {Path<T>[]} paths
 */
export function sorted(paths) {
	return [...paths].sort((one, other) => {
		const length = Math.max(one.rank.length, other.rank.length);
		for (let at = 0; at < length; at += 1) {
			// what ends here is more specific than what may go on, and less than what has to
			const [a, b] = [one.rank[at] ?? PARAM + 0.5, other.rank[at] ?? PARAM + 0.5];
			if (a !== b) return a - b;
		}
		return 0;
	});
}

/**
 * @template T
 * @param {Path<T>[]} paths in order
 * @param {string} pathname without the base, as it came
 * @returns {{ path: Path<T>, params: Record<string, string> } | null}
 */
export function find(paths, pathname) {
	const decoded = decode(pathname);
	if (decoded === null) return null;
	for (const path of paths) {
		const match = path.regexp.exec(decoded);
		const params = match === null ? null : read_params(path, match);
		if (params !== null) return { path, params };
	}
	return null;
}

/**
 * @param {Path<unknown>} path
 * @param {RegExpExecArray} match
 * @returns {Record<string, string> | null} `null`: a value that nothing can stand for
 */
function read_params({ params }, match) {
	/** @type {Record<string, string>} */
	const values = {};
	for (const [index, { name, rest }] of params.entries()) {
		const value = match[index + 1];
		// as in SvelteKit, an optional parameter that is not there has no key
		if (value === undefined && !rest) continue;
		try {
			values[name] = decodeURIComponent(value ?? '');
		} catch {
			return null;
		}
	}
	return values;
}

/**
 * All but what would change how the path is divided, `%2F` and the like, as SvelteKit does.
 * @param {string} pathname
 */
function decode(pathname) {
	try {
		return pathname.split('%25').map(decodeURI).join('%25');
	} catch {
		return null;
	}
}
