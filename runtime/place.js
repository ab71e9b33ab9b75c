/**
 * Where the build lies, as the user sees it: the path that the process was started by. Node
 * resolves symbolic links in it before any of our code runs, but who deploys by changing a link
 * (`current -> releases/42`) means the link.
 */
import { builtin } from './builtin.js';

/** @type {typeof import('node:fs')} */
const { realpathSync } = builtin('node:fs');
/** @type {typeof import('node:path')} */
const { dirname } = builtin('node:path');

/**
 * @param {string} dir the build, without symbolic links
 * @returns {string} a path that leads there now, through links where the user gave them
 */
export function place_of(dir) {
	const started = process.argv[1] ?? '';
	// `node build/index.js`, or `node build`
	for (const place of [dirname(started), started]) {
		if (leads_to(place, dir)) return place;
	}
	return dir;
}

/**
 * @param {string} path
 * @param {string} dir
 */
function leads_to(path, dir) {
	try {
		return realpathSync(path) === dir;
	} catch {
		return false;
	}
}
