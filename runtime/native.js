/**
 * Loads the addon that lies in the build next to the code, and opens the build with it.
 * Nothing here is platform-specific but the file's name.
 *
 * Opening is a call and not a side effect of importing: an entry does it first, so that a
 * mistake in the configuration shows before any user code has run.
 */
import { dir } from '#svelte-adapter-oxide';
import { builtin } from './builtin.js';
import { binary_name, package_name, platform_of, this_host } from './machine.js';

/** @typedef {typeof import('../native/index.js')} Native */

/** @type {typeof import('node:fs')} */
const { existsSync, readdirSync } = builtin('node:fs');

const folder = `${dir}/native`;

/** @param {string} platform */
const has = (platform) => existsSync(`${folder}/${binary_name(platform)}`);

/** Telling musl from glibc takes milliseconds, and most builds leave no choice. */
function is_musl() {
	const gnu = has(`linux-${process.arch}-gnu`);
	const musl = has(`linux-${process.arch}-musl`);
	return gnu === musl ? this_host.is_musl() : musl;
}

/** @returns {Native} */
function load() {
	const name = platform_of({ ...this_host, is_musl });
	if (!has(name)) {
		const there = existsSync(folder) ? readdirSync(folder).join(', ') : 'none';
		throw plainly(
			new Error(
				`This build has no native server for ${name} (it has: ${there}).\n` +
					`Build on that platform, or add it to the adapter's \`platforms\` option ` +
					`and install ${package_name(name)} before building.`
			)
		);
	}
	return builtin(`${folder}/${binary_name(name)}`);
}

export const native = load();

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
 * Decides the configuration.
 * @param {boolean} embedded another server owns the socket, and the listener's variables are its
 */
export function open(embedded) {
	try {
		const env = /** @type {Record<string, string>} */ ({ ...process.env });
		settings = native.open(dir, env, embedded);
	} catch (error) {
		throw plainly(error);
	}
}
