/**
 * Finds the addon's binaries, loads this machine's one for use during the build, and copies
 * into the output what the server will need. Which platforms there are is `platforms.js`.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binary_name, package_name, platform_of } from './platforms.js';

/** @typedef {typeof import('../native/index.js')} Addon */

const native = fileURLToPath(new URL('../native', import.meta.url));

/** The version of this package; the packages of the binaries carry the same one. */
export const version = /** @type {{ version: string }} */ (
	JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
).version;

/**
 * @param {string} platform
 * @param {object} [where] tests look elsewhere
 * @param {string} [where.directory] where a build from source leaves its binaries
 * @param {string[]} [where.from] files whose `node_modules` are searched
 * @returns {string} absolute path of the binary
 */
export function locate(
	platform,
	{ directory = native, from = [fileURLToPath(import.meta.url), join(process.cwd(), '_')] } = {}
) {
	const built = join(directory, binary_name(platform));
	if (existsSync(built)) return built;

	for (const start of from) {
		const require = createRequire(start);
		const name = package_name(platform);
		/** @type {string} */
		let manifest;
		try {
			manifest = require.resolve(`${name}/package.json`);
		} catch {
			continue; // not installed where this one would see it
		}
		const found = /** @type {{ version: string }} */ (JSON.parse(readFileSync(manifest, 'utf8')));
		if (found.version !== version) {
			throw new Error(
				`svelte-adapter-oxide ${version} needs ${name} of the same version, but ${found.version} is installed. Install both again: npm install -D svelte-adapter-oxide@${version}`
			);
		}
		return join(manifest, '..', binary_name(platform));
	}

	throw new Error(missing(platform));
}

/** @param {string} platform */
function missing(platform) {
	const [os, cpu, abi] = platform.split('-');
	const foreign = platform !== platform_of();
	const target = [`--os=${os}`, `--cpu=${cpu}`];
	if (os === 'linux') target.push(`--libc=${abi === 'musl' ? 'musl' : 'glibc'}`);
	const flags = foreign ? ` --force ${target.join(' ')}` : '';

	return [
		`svelte-adapter-oxide has no native binary for ${platform}.`,
		`Install its package:   npm install --no-save${flags} ${package_name(platform)}@${version}`,
		`(npm leaves it out when it runs with --omit=optional, or when the lock file was written on another platform.)`,
		`Or build from source:  in a checkout of svelte-adapter-oxide, with Rust and Node installed, run \`npm install && npm run build\`${foreign ? ' on such a machine' : ''}; it writes native/${binary_name(platform)}.`
	].join('\n');
}

/** @returns {Promise<Addon>} */
export async function load() {
	// First, because this error says what to do and the loader's own does not.
	locate(platform_of());
	return import('../native/index.js');
}

/**
 * @param {string} out
 * @param {string[]} platforms further ones; this machine's is always there
 */
export function copy_binaries(out, platforms) {
	const all = new Set([platform_of(), ...platforms]);
	const found = [...all].map((platform) => /** @type {const} */ ([platform, locate(platform)]));

	mkdirSync(join(out, 'native'), { recursive: true });
	for (const [platform, file] of found) {
		copyFileSync(file, join(out, 'native', binary_name(platform)));
	}
}
