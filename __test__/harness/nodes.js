/** Other versions of Node, from the npm packages that hold its binaries. */
import fs from 'node:fs';
import path from 'node:path';
import { must_run } from './command.js';
import { locked } from './lock.js';
import { cache_folder } from './paths.js';

/**
 * The newest Node of a major version that was there when it was first asked for
 * @param {number} major
 * @returns {Promise<string>} its binary
 */
export function node_of(major) {
	return locked(`nodes-${major}`, async () => {
		const folder = cache_folder('nodes', String(major));
		const binary = path.join(folder, 'node_modules/node/bin/node');
		if (!fs.existsSync(binary)) {
			// its install script puts the binary of this platform in place
			const manifest = { private: true, allowScripts: { node: true } };
			fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
			const args = ['install', '--no-save', '--no-audit', '--no-fund', `node@${major}`];
			await must_run('npm', args, { cwd: folder });
		}
		return binary;
	});
}
