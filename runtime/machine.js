/**
 * Which machine this is, in the words of napi-rs, and what its binary is called. Shared by the
 * adapter, which copies the binary into the build, and the build, which loads it. `process` is the
 * global one, as `builtin.js` says.
 */

/**
 * The facts of a process that decide its platform; tests pass their own.
 * @typedef {object} Host
 * @property {string} os `process.platform`
 * @property {string} arch `process.arch`
 * @property {() => boolean} is_musl whether the C library is musl; only asked on Linux
 */

/** @type {Host} */
export const this_host = {
	os: process.platform,
	arch: process.arch,
	is_musl
};

/**
 * `linux-x64-gnu`, `darwin-arm64` and so on. Never fails: a platform without a package is named
 * all the same, so that the error about its missing binary can say what was looked for.
 * @param {Host} [host]
 * @returns {string}
 */
export function platform_of(host = this_host) {
	const { os, arch } = host;
	if (os === 'linux') return `linux-${arch}-${host.is_musl() ? 'musl' : 'gnu'}`;
	if (os === 'win32') return `win32-${arch}-msvc`;
	return `${os}-${arch}`;
}

/** @param {string} platform */
export function package_name(platform) {
	return `svelte-adapter-oxide-${platform}`;
}

/** @param {string} platform */
export function binary_name(platform) {
	return `svelte-adapter-oxide.${platform}.node`;
}

/**
 * Node's diagnostic report names the version of glibc, where there is one; the other C library of
 * Linux is musl. The report's network part is left out: it resolves host names and can take seconds.
 */
function is_musl() {
	// `excludeNetwork` is newer than some versions of Node that have to work; there it does nothing.
	const report = /** @type {NodeJS.ProcessReport & { excludeNetwork?: boolean }} */ (
		process.report
	);
	const before = report.excludeNetwork;
	report.excludeNetwork = true;
	try {
		const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
			report.getReport()
		);
		return !header.glibcVersionRuntime;
	} finally {
		report.excludeNetwork = before;
	}
}
