/**
 * Builds copies of a small app that differ in what a test changes about them. A build is kept under
 * the hash of the app, of the adapter and of what was changed, beside those of the parity app, whose
 * installed packages all of them use.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { adapter_hash, install, install_adapter } from './app.js';
import { must_run } from './command.js';
import { locked } from './lock.js';
import { node } from './paths.js';

/**
 * @param {string} folder
 * @param {...string} parts that it depends on besides
 */
function hash_of(folder, ...parts) {
	const hash = crypto.createHash('sha256').update(adapter_hash()).update(parts.join('\0'));
	for (const file of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
		const place = path.join(folder, file);
		if (fs.statSync(place).isFile()) hash.update(file).update(fs.readFileSync(place));
	}
	return hash.digest('hex').slice(0, 16);
}

/**
 * @param {object} what
 * @param {string} what.source the app
 * @param {string} what.name of the copy; another change has another
 * @param {2 | 3} [what.kit]
 * @param {Record<string, string>} [what.env] that the app's configuration reads
 * @param {(app: string) => void} [what.change] the copy before it is built
 * @returns {Promise<string>} the build folder
 */
export function build_copy({ source, name, kit = 3, env = {}, change }) {
	return locked('apps', async () => {
		const shared = await install(`kit${kit}`);
		const hash = hash_of(source, JSON.stringify(env));
		const app = path.join(shared, 'builds', `${name}-${hash}`);
		const mark = path.join(app, 'built');
		const build = path.join(app, 'build');
		if (fs.existsSync(mark)) {
			// builds that nobody has asked for lately are removed
			fs.utimesSync(mark, new Date(), new Date());
			return build;
		}
		fs.cpSync(source, app, { recursive: true });
		change?.(app);
		install_adapter(app);
		await must_run(node, [path.join(shared, 'node_modules/vite/bin/vite.js'), 'build'], {
			cwd: app,
			env
		});
		fs.writeFileSync(mark, '');
		return build;
	});
}
