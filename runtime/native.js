/**
 * Loads the addon that lies in the build next to the code, and opens the build with it.
 * Nothing here is platform-specific but the file's name.
 *
 * Opening is a call and not a side effect of importing: an entry does it first, so that a
 * mistake in the configuration shows before any user code has run.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { dir } from '#svelte-adapter-oxide';

/** @typedef {typeof import('../native/index.js')} Native */

/** Whether this Linux uses musl; its loader would refuse the other kind of addon. */
function is_musl() {
	if (process.platform !== 'linux') return false;
	const report = /** @type {any} */ (process.report?.getReport?.() ?? {});
	return !report.header?.glibcVersionRuntime;
}

function platform() {
	const { platform, arch } = process;
	if (platform === 'linux') return `linux-${arch}-${is_musl() ? 'musl' : 'gnu'}`;
	if (platform === 'win32') return `win32-${arch}-msvc`;
	return `${platform}-${arch}`;
}

/** @returns {Native} */
function load() {
	const name = platform();
	const file = `${dir}/native/svelte-adapter-oxide.${name}.node`;
	if (!existsSync(file)) {
		const there = existsSync(`${dir}/native`) ? readdirSync(`${dir}/native`).join(', ') : 'none';
		throw new Error(
			`This build has no native server for ${name} (it has: ${there}).\n` +
				`Build on that platform, or add it to the adapter's \`platforms\` option ` +
				`and install svelte-adapter-oxide-${name} before building.`
		);
	}
	return createRequire(import.meta.url)(file);
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
