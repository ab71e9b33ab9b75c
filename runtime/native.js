/**
 * Loads the addon that lies in the build next to the code, and opens the build with it.
 * Nothing here is platform-specific but the file's name.
 *
 * Opening is a call and not a side effect of importing: an entry does it first, so that a
 * mistake in the configuration shows before any user code has run. The hand-off is not imported
 * for the build's place, since it brings the app along.
 */
import { builtin } from './builtin.js';
import { binary_name, package_name, platform_of, this_host } from './machine.js';

/** @typedef {typeof import('../native/index.js')} Native */

/** @type {typeof import('node:fs')} */
const { existsSync, openSync, readdirSync } = builtin('node:fs');
/** @type {typeof import('node:path')} */
const { dirname } = builtin('node:path');
/** @type {typeof import('node:url')} */
const { fileURLToPath } = builtin('node:url');

/** The build, seen from `server/`, where all run-time code lies. */
export const dir = dirname(dirname(fileURLToPath(import.meta.url)));

const folder = `${dir}/native`;

/** @param {string} platform */
const has = (platform) => existsSync(`${folder}/${binary_name(platform)}`);

/** Telling musl from glibc takes milliseconds, and most builds leave no choice. */
function is_musl() {
	const gnu = has(`linux-${process.arch}-gnu`);
	const musl = has(`linux-${process.arch}-musl`);
	return gnu === musl ? this_host.is_musl() : musl;
}

/** @returns {string} where this machine's binary lies */
function locate() {
	const name = platform_of({ ...this_host, is_musl });
	if (!has(name)) {
		const there = existsSync(folder) ? readdirSync(folder).join(', ') : 'none';
		throw new Error(
			`This build has no native server for ${name} (it has: ${there}).\n` +
				`Build on that platform, or add it to the adapter's \`platforms\` option ` +
				`and install ${package_name(name)} before building.`
		);
	}
	return `${folder}/${binary_name(name)}`;
}

/**
 * Not by `require`, which wants the file to be there still: a worker that starts after another build
 * has taken the place of this one gets the binary that the process has loaded.
 * @param {string} file
 * @returns {Native}
 */
function load(file) {
	const loaded = { exports: /** @type {Native} */ ({}) };
	process.dlopen(loaded, file);
	return loaded.exports;
}

/** @type {Native} */
export let native;

/** The file that `native` comes from. */
let addon = '';

/**
 * A path to the addon for threads that start later. musl tells libraries apart by their file and
 * not by their name, so where another build has taken the place of this one it would load that
 * one's addon beside ours. An open file stays the same.
 */
export function held_open() {
	if (process.platform !== 'linux') return addon;
	const held = `/proc/self/fd/${openSync(addon, 'r')}`;
	// a container may have no /proc
	return existsSync(held) ? held : addon;
}

/**
 * An error the user has to act on: a stack through our own files would only hide it.
 * @param {unknown} error
 */
function plainly(error) {
	if (error instanceof Error) error.stack = `${error.name}: ${error.message}`;
	return error;
}

/**
 * What the environment and the adapter's options were decided to mean.
 * @type {import('../native/index.js').Settings}
 */
export let settings;

/**
 * Takes an addon that has been loaded and what it has decided, in development.
 * @param {Native} addon
 * @param {import('../native/index.js').Settings} decided
 */
export function adopt(addon, decided) {
	native = addon;
	settings = decided;
}

/**
 * Loads the addon and decides the configuration; in a worker's thread, gets what the process has
 * decided.
 * @param {boolean} embedded another server owns the socket, and the listener's variables are its
 * @param {string} [file] the addon that the process has loaded
 */
export function open(embedded, file) {
	try {
		addon = file ?? locate();
		native = load(addon);
		const env = /** @type {Record<string, string>} */ ({ ...process.env });
		settings = native.open(dir, env, embedded);
	} catch (error) {
		throw plainly(error);
	}
}
