/** Where the tests find things: the repository, its Node 24, and the folders they may fill. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export const apps = path.join(repository, '__test__/apps');

/**
 * Survives `npm test`, may be deleted at any time. Not below `node_modules`: SvelteKit and
 * Vite treat what lies there as a dependency, not as an app
 */
export const cache = path.join(repository, 'target/tests');

/** The Node that builds and serves, whichever one runs the tests */
export const node = path.join(repository, 'node_modules/.bin/node');

/**
 * @param {...string} segments below the cache folder
 * @returns {string} an existing folder
 */
export function cache_folder(...segments) {
	const folder = path.join(cache, ...segments);
	fs.mkdirSync(folder, { recursive: true });
	return folder;
}
