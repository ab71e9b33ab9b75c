/**
 * Projects that tests build or borrow packages from, besides the parity app: a committed
 * manifest and lock are installed once into the cache, and what is built lies below them so
 * that Node finds the packages in the folder above.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { adapter_hash, install_adapter } from './app.js';
import { must_run } from './command.js';
import { locked } from './lock.js';
import { cache_folder, node } from './paths.js';

const manifests = ['package.json', 'package-lock.json'];

/** @param {...(string | Buffer)} parts */
function short_hash(...parts) {
	const hash = crypto.createHash('sha256');
	for (const part of parts) hash.update(part).update('\0');
	return hash.digest('hex').slice(0, 16);
}

/**
 * Installs what a folder's lock names
 * @param {string} name of the folder in the cache
 * @param {string} source holds `package.json` and `package-lock.json`
 * @returns {Promise<string>} a folder with `node_modules`
 */
export function install_locked(name, source) {
	return locked(`projects-${name}`, async () => {
		const files = manifests.map((file) => path.join(source, file));
		const hash = short_hash(...files.map((file) => fs.readFileSync(file)));
		const folder = cache_folder('projects', `${name}-${hash}`);

		if (!fs.existsSync(path.join(folder, 'installed'))) {
			for (const file of files) fs.copyFileSync(file, path.join(folder, path.basename(file)));
			await must_run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
			fs.writeFileSync(path.join(folder, 'installed'), '');
		}
		return folder;
	});
}

/**
 * Names a folder's files with their content, leaving out what tools put beside them
 * @param {string} folder
 */
function sources_of(folder) {
	return fs
		.readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
		.filter((file) => !/^(node_modules|build|\.svelte-kit)[\\/]/.test(file))
		.sort();
}

/**
 * Builds an app of the repository in the cache, with this repository's adapter
 * @param {string} name
 * @param {string} source the app, with its lock
 * @returns {Promise<string>} the build folder
 */
export async function build_project(name, source) {
	const shared = await install_locked(name, source);
	return locked(`projects-${name}`, async () => {
		const files = sources_of(source);
		const contents = files.flatMap((file) => [file, fs.readFileSync(path.join(source, file))]);
		const builds = path.join(shared, 'builds');
		const app = path.join(builds, short_hash(adapter_hash(), ...contents));
		const build = path.join(app, 'build');
		if (fs.existsSync(path.join(app, 'built'))) return build;

		// older builds will not be asked for again
		fs.rmSync(builds, { recursive: true, force: true });
		for (const file of files) fs.cpSync(path.join(source, file), path.join(app, file));
		install_adapter(app);
		await must_run(node, [path.join(shared, 'node_modules/vite/bin/vite.js'), 'build'], {
			cwd: app
		});
		fs.writeFileSync(path.join(app, 'built'), '');
		return build;
	});
}

/**
 * A port that was free a moment ago, for servers that must know their own origin before
 * they listen
 * @returns {Promise<number>}
 */
export function free_port() {
	return new Promise((fulfil, reject) => {
		const probe = net.createServer();
		probe.once('error', reject);
		probe.listen(0, '127.0.0.1', () => {
			const { port } = /** @type {net.AddressInfo} */ (probe.address());
			probe.close(() => fulfil(port));
		});
	});
}
