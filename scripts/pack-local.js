/**
 * `npm run pack:local`: the packages as a registry would hand them out, into `dist/`: the
 * main one and this platform's addon. `npm i dist/*.tgz` in any app is all it needs.
 *
 * `--release` packs for publishing: every platform of `napi.targets` must have been built.
 * `--no-build` takes the addons that stand in `native/` as they are.
 */

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.js';
import { run } from './lib/command.js';
import { main } from './lib/main.js';
import { at, DIST } from './lib/places.js';
import { addon_file, built, host, manifest, platforms } from './lib/platform.js';
import { ensure_modules } from './lib/toolchain.js';

/** @typedef {import('./lib/platform.js').Platform} Platform */

const STAGE = path.join(DIST, 'stage');

/**
 * Packs a folder and returns the tarball.
 * @param {string} folder
 */
async function tarball(folder) {
	const args = ['pack', folder, '--pack-destination', DIST, '--json', '--ignore-scripts'];
	const [result] = JSON.parse(await run('npm', args, { quiet: true }));
	const megabytes = (result.size / 1024 / 1024).toFixed(1);
	console.log(`dist/${result.filename} (${result.entryCount} files, ${megabytes} MB)`);
	return path.join(DIST, result.filename);
}

/**
 * The main package. Its manifest names the platform packages only here: the repository's
 * own `npm ci` must not look for versions that are not published yet, and a local tarball
 * must not send npm to a registry for platforms that were not packed beside it.
 * @param {Platform[]} packed
 */
async function pack_main(packed) {
	const dry = ['pack', '--dry-run', '--json', '--ignore-scripts'];
	const [{ files }] = JSON.parse(await run('npm', dry, { quiet: true }));
	const folder = path.join(STAGE, 'main');
	for (const { path: file } of files) {
		const target = path.join(folder, file);
		fs.mkdirSync(path.dirname(target), { recursive: true });
		fs.copyFileSync(at(file), target);
	}

	const { scripts: _scripts, devDependencies: _dev, ...published } = manifest();
	published.optionalDependencies = {
		...published.optionalDependencies,
		...Object.fromEntries(
			packed.map(({ name }) => [`${published.name}-${name}`, published.version])
		)
	};
	fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(published, null, '\t') + '\n');
	return tarball(folder);
}

/**
 * The package that holds one platform's addon.
 * @param {Platform} platform
 */
async function pack_platform(platform) {
	const source = at('npm', platform.name);
	const folder = path.join(STAGE, platform.name);
	fs.cpSync(source, folder, { recursive: true });
	fs.copyFileSync(at('native', addon_file(platform)), path.join(folder, addon_file(platform)));
	fs.copyFileSync(at('LICENSE'), path.join(folder, 'LICENSE'));

	const { version } = manifest();
	const own = JSON.parse(fs.readFileSync(path.join(source, 'package.json'), 'utf8'));
	if (own.version !== version) {
		throw new Error(
			`npm/${platform.name}/package.json says version ${own.version} and package.json ${version}.\n` +
				'Run: npx napi version'
		);
	}
	return tarball(folder);
}

/**
 * Writes the tarballs and returns them, the main package first.
 * @param {{ release?: boolean, build?: boolean }} [options]
 */
export async function pack({ release = false, build: fresh = true } = {}) {
	if (fresh && !release) await build();
	else await ensure_modules();

	const own = host();
	const wanted = release ? platforms() : own ? [own] : [];
	const present = new Set(built().map(({ name }) => name));
	const missing = wanted.filter(({ name }) => !present.has(name));
	if (missing.length > 0 || wanted.length === 0) {
		const names = missing.map(addon_file).join(', ') || `an addon for ${process.platform}`;
		throw new Error(`Cannot pack without ${names} in native/. Build it first: npm run build`);
	}

	fs.mkdirSync(DIST, { recursive: true });
	fs.rmSync(STAGE, { recursive: true, force: true });
	// `npm i dist/*.tgz` takes whatever is there, so tarballs of earlier versions must go
	for (const file of fs.readdirSync(DIST)) {
		if (/^svelte-adapter-oxide-.*\.tgz$/.test(file)) fs.rmSync(path.join(DIST, file));
	}

	const tarballs = [await pack_main(wanted)];
	for (const platform of wanted) tarballs.push(await pack_platform(platform));
	fs.rmSync(STAGE, { recursive: true });
	return tarballs;
}

await main(import.meta.url, async () => {
	const { values } = parseArgs({
		options: { release: { type: 'boolean' }, 'no-build': { type: 'boolean' } }
	});
	await pack({ release: values.release, build: !values['no-build'] });
});
