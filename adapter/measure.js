/**
 * Sends the files of a build through the addon, which measures, hashes and precompresses them in
 * one pass on all cores. Decided here: which files may be served, and which are worth compressing.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { is_hidden } from './assets.js';
import { human, progress_line } from './progress.js';

/**
 * The extensions SvelteKit's own `builder.compress` takes. Images, fonts and media are compressed
 * by their formats already.
 */
const COMPRESSIBLE = new Set('.html .js .mjs .json .css .svg .xml .wasm .txt .md .mdx'.split(' '));

/** @typedef {import('./assets.js').Measured} Measured */
/** @typedef {{ brotli: boolean, gzip: boolean, zstd: boolean }} Encodings */

/**
 * The addon's function: writes the variants that are smaller and says how large everything is.
 * @callback MeasureAndCompress
 * @param {string} root
 * @param {string[]} files relative to it
 * @param {Encodings} encodings
 * @param {(done: number, total: number, bytes: number) => void} on_progress
 * @returns {Promise<Measured[]>}
 */

/** @type {Encodings} */
const NONE = { brotli: false, gzip: false, zstd: false };

/**
 * @param {{ measureAndCompress: MeasureAndCompress }} addon
 * @param {string} out the build directory
 * @param {string[]} directories below it, with `/`
 * @param {Encodings} encodings
 * @param {{ minor(message: string): void }} log
 * @returns {Promise<Measured[][]>} a list per directory, relative to it
 */
export async function measure(addon, out, directories, encodings, log) {
	const files = directories.flatMap((directory) =>
		servable_files(join(out, directory)).map((file) => `${directory}/${file}`)
	);
	const wanted = encodings.brotli || encodings.gzip || encodings.zstd;
	const worth = (/** @type {string} */ file) => wanted && COMPRESSIBLE.has(posix.extname(file));
	const passes = [
		{ files: files.filter(worth), encodings, done: 0, bytes: 0 },
		{ files: files.filter((file) => !worth(file)), encodings: NONE, done: 0, bytes: 0 }
	];

	const line = progress_line(wanted ? 'Compressing' : 'Hashing');
	/** @type {Measured[]} */
	let measured;
	try {
		const results = await Promise.all(
			passes
				.filter((pass) => pass.files.length > 0)
				.map((pass) =>
					addon.measureAndCompress(out, pass.files, pass.encodings, (done, _total, bytes) => {
						pass.done = done;
						pass.bytes = bytes;
						line.update(sum(passes, 'done'), files.length, sum(passes, 'bytes'));
					})
				)
		);
		measured = results.flat();
	} finally {
		line.end();
	}

	log.minor(summary(measured, encodings));
	return directories.map((directory) =>
		measured
			.filter(({ file }) => file.startsWith(`${directory}/`))
			.map((entry) => ({ ...entry, file: entry.file.slice(directory.length + 1) }))
	);
}

/**
 * @param {string} root
 * @returns {string[]} relative, with `/`, in a stable order
 */
function servable_files(root) {
	if (!existsSync(root)) return [];
	return (
		readdirSync(root, { recursive: true, encoding: 'utf8' })
			// elsewhere a backslash is a character like any other
			.map((file) => (sep === '\\' ? file.replaceAll('\\', '/') : file))
			.filter((file) => !is_hidden(file) && statSync(join(root, file)).isFile())
			.sort()
	);
}

/**
 * @param {Measured[]} measured
 * @param {Encodings} encodings
 */
function summary(measured, encodings) {
	const size = human(sum(measured, 'size'));
	const variants = /** @type {const} */ ([
		['brotli', 'br'],
		['gzip', 'gz'],
		['zstd', 'zst']
	])
		.filter(([name]) => encodings[name])
		.map(([name, key]) => {
			const smaller = measured.filter((entry) => entry[key]);
			return `${name} ${smaller.length} files ${human(sum(smaller, 'size'))} -> ${human(sum(smaller, key))}`;
		});
	return [`Hashed ${measured.length} files, ${size}`, ...variants].join('; ');
}

/**
 * @template {string} K
 * @param {Array<{ [key in K]?: number }>} list
 * @param {K} key
 */
function sum(list, key) {
	return list.reduce((total, entry) => total + (entry[key] ?? 0), 0);
}
