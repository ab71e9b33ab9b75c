/**
 * Names of platforms: the target triples the addon is built for, and what npm and the
 * generated loader call each of them.
 */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { at, NATIVE } from './places.js';

/**
 * @typedef {object} Platform
 * @property {string} triple what cargo calls it
 * @property {string} name what npm and the loader call it: `linux-x64-gnu`
 * @property {string} os
 * @property {string} cpu
 * @property {string} [libc] set on Linux only
 */

const CPU = { x86_64: 'x64', aarch64: 'arm64' };

/**
 * @param {string} triple
 * @returns {Platform}
 */
function parse(triple) {
	const [arch, , os, abi] = triple.split('-');
	const cpu = CPU[/** @type {keyof typeof CPU} */ (arch)];
	if (os === 'linux') {
		const libc = abi === 'gnu' ? 'glibc' : 'musl';
		return { triple, name: `linux-${cpu}-${abi}`, os, cpu, libc };
	}
	if (os === 'windows') return { triple, name: `win32-${cpu}-${abi}`, os: 'win32', cpu };
	return { triple, name: `darwin-${cpu}`, os: 'darwin', cpu };
}

export const manifest = () => JSON.parse(readFileSync(at('package.json'), 'utf8'));

/** Every platform of `napi.targets` in package.json. */
export const platforms = () => /** @type {Platform[]} */ (manifest().napi.targets.map(parse));

/** The file the addon has on a platform. @param {Platform} platform */
export const addon_file = (platform) => `svelte-adapter-oxide.${platform.name}.node`;

/** Platforms whose addon stands in `native/`, whatever built them. */
export function built() {
	if (!existsSync(NATIVE)) return [];
	const files = new Set(readdirSync(NATIVE));
	return platforms().filter((platform) => files.has(addon_file(platform)));
}

/** Whether this machine's own C library is musl, as in Alpine. */
function is_musl() {
	const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
		process.report.getReport()
	);
	return !report.header.glibcVersionRuntime;
}

/** The platform this script runs on, or undefined where none is built for it. */
export function host() {
	const libc = process.platform !== 'linux' ? undefined : is_musl() ? 'musl' : 'glibc';
	return platforms().find(
		(each) => each.os === process.platform && each.cpu === process.arch && each.libc === libc
	);
}
