/**
 * Apps as their users make them, in a folder far from the repository so that nothing can be
 * found there by chance: scaffolded or copied, installed by npm with our tarballs, built by
 * `npm run build`, and deployed as the build folder with the production dependencies alone.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { must_run } from '../harness/command.js';
import { node } from '../harness/paths.js';
import { install_locked } from '../harness/project.js';
import { tarballs } from '../package/tarballs.js';

export const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * npm, and all that it starts, run on the repository's Node: SvelteKit 3 needs 22. Nothing
 * else of the repository may be found on the path
 */
const env = { PATH: [path.dirname(fs.realpathSync(node)), process.env.PATH].join(path.delimiter) };

/** @param {string} folder @param {...string} args */
const npm = (folder, ...args) => must_run('npm', args, { cwd: folder, env });

/** @returns {string} an empty folder, to be removed by whoever asked for it */
export const empty_folder = () => fs.mkdtempSync(path.join(os.tmpdir(), 'oxide-scaffold-'));

/**
 * The demo app of `sv create`, without answers to give
 * @param {string} place
 * @param {...string} options
 * @returns {Promise<string>} the app's folder
 */
export async function scaffold(place, ...options) {
	const sv = await install_locked('sv', path.join(here, 'sv'));
	await must_run(
		path.join(sv, 'node_modules/.bin/sv'),
		['create', 'app', '--template', 'demo', '--no-types', '--no-install', ...options],
		{ cwd: place, env }
	);
	return path.join(place, 'app');
}

/**
 * Installs what the lock names, and the adapter as from the registry
 * @param {string} app
 */
export async function install(app) {
	const quietly = ['--no-audit', '--no-fund', '--prefer-offline'];
	await npm(app, 'ci', ...quietly);
	const { main, addon } = tarballs();
	await npm(app, 'install', '--save-dev', ...quietly, main, addon);
}

/** @param {string} app */
export const build = (app) => npm(app, 'run', 'build');

/**
 * Takes what has to be on a server out of the app's folder
 * @param {string} app
 * @param {string} place
 * @returns {Promise<string>} the build folder there
 */
export async function deploy(app, place) {
	const target = path.join(place, 'deployed');
	fs.mkdirSync(target);
	for (const name of ['package.json', 'package-lock.json', 'build']) {
		fs.cpSync(path.join(app, name), path.join(target, name), { recursive: true });
	}
	// without scripts: `prepare` would run whatever svelte-kit the tests themselves have on their PATH
	await npm(
		target,
		...['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
	);
	return path.join(target, 'build');
}
