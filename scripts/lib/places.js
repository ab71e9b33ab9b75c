/**
 * Where things stand in the repository. Paths only; nothing is read or made here.
 */

import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * An absolute path inside the repository.
 * @param {...string} parts
 */
export const at = (...parts) => path.join(ROOT, ...parts);

export const DIST = at('dist');
export const EXAMPLE = at('examples', 'basic');
export const NATIVE = at('native');

/** Node 24 of the `node` dev dependency: what every build, test and bench runs on. */
export const NODE = at(
	'node_modules',
	'node',
	'bin',
	process.platform === 'win32' ? 'node.exe' : 'node'
);
