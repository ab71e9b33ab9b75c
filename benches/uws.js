/**
 * svelte-adapter-uws as a peer. It wants SvelteKit 2, so the app is built a second time in a
 * folder with packages of its own; and it wants uWebSockets.js, which is installed from GitHub and
 * wants a recent C library, so on many machines it cannot be had.
 */

import fs from 'node:fs';
import path from 'node:path';
import { run } from '../scripts/lib/command.js';
import { at, NODE } from '../scripts/lib/places.js';
import { copy_app } from './copy.js';

const FOLDER = at('target', 'bench', 'uws');

/** The tag that svelte-adapter-uws names in its directions. */
const UWS = 'uNetworking/uWebSockets.js#v20.60.0';

/** What the Linux binaries of uWebSockets.js are linked against. */
const GLIBC = [2, 38];

const PACKAGES = {
	'@sveltejs/kit': '^2.70.0',
	'@sveltejs/vite-plugin-svelte': '^6.0.0',
	svelte: '^5.0.0',
	'svelte-adapter-uws': '>=0.3.4 <1',
	'uWebSockets.js': UWS,
	vite: '^7.0.0'
};

const CONFIG = `import adapter from 'svelte-adapter-uws';

export default {
	kit: { adapter: adapter({ out: '../build' }), version: { name: 'bench' } }
};
`;

const VITE_CONFIG = `import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [sveltekit()] });
`;

/** Why its binaries cannot run here, if they cannot. */
function unfit() {
	const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
		process.report.getReport()
	);
	const version = report.header.glibcVersionRuntime;
	if (!version) return 'uWebSockets.js has no binaries for musl';
	const [major, minor] = version.split('.').map(Number);
	if (major > GLIBC[0] || (major === GLIBC[0] && minor >= GLIBC[1])) return undefined;
	return `uWebSockets.js needs glibc ${GLIBC.join('.')} or newer, this machine has ${version}`;
}

/**
 * Installs it and builds the app with it.
 * @param {boolean} smoke use it only where an earlier run has installed it
 * @returns {Promise<string | void>} the reason where it has to be left out
 */
export async function prepare_uws(smoke) {
	const reason = unfit();
	if (reason) return reason;
	const app = path.join(FOLDER, 'app');
	const modules = path.join(FOLDER, 'node_modules');
	if (!fs.existsSync(path.join(modules, 'svelte-adapter-uws', 'package.json'))) {
		if (smoke) return 'it is not installed, and a smoke run installs nothing from GitHub';
		fs.rmSync(FOLDER, { recursive: true, force: true });
		fs.mkdirSync(FOLDER, { recursive: true });
		const manifest = { name: 'bench-uws', private: true, type: 'module', dependencies: PACKAGES };
		fs.writeFileSync(path.join(FOLDER, 'package.json'), JSON.stringify(manifest, null, '\t'));
		console.log('Installing svelte-adapter-uws and uWebSockets.js');
		try {
			const quietly = ['--no-audit', '--no-fund', '--loglevel=error'];
			await run('npm', ['install', ...quietly], { cwd: FOLDER, quiet: true });
		} catch (error) {
			fs.rmSync(modules, { recursive: true, force: true });
			return `it could not be installed (uWebSockets.js comes from GitHub): ${/** @type {Error} */ (error).message}`;
		}
	}

	copy_app(app);
	fs.writeFileSync(path.join(app, 'svelte.config.js'), CONFIG);
	fs.writeFileSync(path.join(app, 'vite.config.js'), VITE_CONFIG);
	console.log('Building benches/app with svelte-adapter-uws and SvelteKit 2');
	const vite = path.join(modules, 'vite', 'bin', 'vite.js');
	try {
		await run(NODE, [vite, 'build', '--logLevel', 'warn'], {
			cwd: app,
			env: { NODE_ENV: undefined },
			quiet: true
		});
	} catch (error) {
		return `the app could not be built with it: ${/** @type {Error} */ (error).message}`;
	}
}
