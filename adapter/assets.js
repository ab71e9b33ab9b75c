/**
 * Decides which URL paths the files of a build answer: the rules of the asset table, and nothing
 * about disks. Sizes and hashes come in already measured (`measure.js`), the result goes into the
 * hand-off (`handoff.js`), and the server looks nothing up that is not in it.
 */
import { posix } from 'node:path';

/**
 * A file as it was measured: its size, its content hash, and the sizes of the variants written.
 * @typedef {object} Measured
 * @property {string} file relative to the directory it was measured in, with `/`
 * @property {number} size
 * @property {string} etag
 * @property {number} [br]
 * @property {number} [gz]
 * @property {number} [zst]
 */

/**
 * `AssetEntry` of `src/config/handoff.rs`.
 * @typedef {object} AssetEntry
 * @property {string} file relative to the build directory, with `/`
 * @property {number} size
 * @property {string} etag
 * @property {string} [type]
 * @property {number} [br]
 * @property {number} [gz]
 * @property {number} [zst]
 * @property {boolean} [immutable]
 */

/** @typedef {(file: string) => string | undefined} ContentType */

/**
 * Dotfiles are never served. `.well-known/` at the root of the app is what RFC 8615 reserves for
 * being served.
 * @param {string} file
 */
export function is_hidden(file) {
	if (file.startsWith('.well-known/')) return false;
	return file.split('/').some((segment) => segment.startsWith('.'));
}

/**
 * @param {(extension: string) => string | undefined} lookup by extension, with its dot
 * @returns {ContentType}
 */
export function content_types(lookup) {
	return (file) => {
		const type = lookup(posix.extname(file));
		return type === 'text/html' ? 'text/html;charset=utf-8' : type || undefined;
	};
}

/**
 * Client files by the path that names them exactly, and the shorter paths that lead to HTML files:
 * `/foo` and `/foo/` for `foo.html` or, where that does not exist, `foo/index.html`.
 * @param {Measured[]} measured relative to the client directory, base included in neither
 * @param {{ base: string, app_path: string, content_type: ContentType }} app
 */
export function client_table(measured, { base, app_path, content_type }) {
	const immutable_root = `/${app_path}/immutable/`;

	const entries = measured
		.filter(({ file }) => !is_hidden(file))
		.map((file) => {
			const key = `${base}/${file.file}`;
			const entry = describe(file, `client${base}`, content_type);
			if (key.startsWith(immutable_root)) entry.immutable = true;
			return /** @type {[string, AssetEntry]} */ ([key, entry]);
		})
		.sort(by_key);

	const taken = new Set(entries.map(([key]) => key));
	/** @type {Array<[string, string]>} */
	const aliases = [];

	// In sorted order `foo.html` comes before `foo/index.html` and so is the one that gets the paths.
	for (const [key] of entries) {
		for (const alias of short_paths(key)) {
			if (taken.has(alias)) continue;
			taken.add(alias);
			aliases.push([alias, key]);
		}
	}

	return { entries, aliases };
}

/**
 * Prerendered files by exactly the paths that SvelteKit prerendered. The other form of the trailing
 * slash is no key: the server redirects it.
 * @param {Measured[]} measured relative to the prerendered directory
 * @param {string[]} paths `builder.prerendered.paths`
 * @param {{ base: string, content_type: ContentType }} app
 */
export function prerendered_table(measured, paths, { base, content_type }) {
	const by_file = new Map(measured.filter(({ file }) => !is_hidden(file)).map((m) => [m.file, m]));
	/** @type {Map<string, AssetEntry>} */
	const entries = new Map();

	for (const path of paths) {
		const file = prerendered_names(path, base)
			.map((name) => by_file.get(name))
			.find(Boolean);
		if (file) entries.set(path, describe(file, `prerendered${base}`, content_type));
	}

	return [...entries].sort(by_key);
}

/**
 * Where SvelteKit may have written a prerendered path: an endpoint's file has the path's own name,
 * a page gets `.html` or `index.html`.
 * @param {string} path
 * @param {string} base
 */
function prerendered_names(path, base) {
	const name = path.slice(base.length + 1);
	if (name === '') return ['index.html'];
	return name.endsWith('/') ? [`${name}index.html`] : [name, `${name}.html`];
}

/**
 * The paths without `.html` or `index.html`, with and without the slash at the end.
 * @param {string} key
 */
function short_paths(key) {
	if (!key.endsWith('.html')) return [];
	const with_slash = key.endsWith('/index.html')
		? key.slice(0, -'index.html'.length)
		: `${key.slice(0, -'.html'.length)}/`;
	return with_slash === '/' ? ['/'] : [with_slash, with_slash.slice(0, -1)];
}

/**
 * @param {Measured} measured
 * @param {string} directory
 * @param {ContentType} content_type
 * @returns {AssetEntry}
 */
function describe({ file, size, etag, br, gz, zst }, directory, content_type) {
	return { file: `${directory}/${file}`, size, etag, type: content_type(file), br, gz, zst };
}

/**
 * By code unit, so that the order is the same on every machine.
 * @param {[string, unknown]} a
 * @param {[string, unknown]} b
 */
function by_key([a], [b]) {
	return a < b ? -1 : a > b ? 1 : 0;
}
