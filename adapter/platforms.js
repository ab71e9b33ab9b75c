/**
 * Which machines the addon is published for. Names only: finding and copying the binaries is
 * `addon.js`, and which machine this is is known to the run time too.
 */
export { binary_name, package_name, platform_of, this_host } from '../runtime/machine.js';

/**
 * Every platform that has an addon package, as its name is spelled there. A test holds this list
 * against the `napi.targets` of package.json.
 */
export const PLATFORMS = Object.freeze([
	'linux-x64-gnu',
	'linux-arm64-gnu',
	'linux-x64-musl',
	'linux-arm64-musl',
	'darwin-x64',
	'darwin-arm64',
	'win32-x64-msvc',
	'win32-arm64-msvc'
]);
