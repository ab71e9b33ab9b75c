/**
 * Builds the parity app once per SvelteKit major, adapter and variant. A build is kept
 * under the hash of everything that went into it, so a second run of the tests starts at
 * once and a changed adapter is never tested by an old build.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { apps, cache_folder, node, repository } from './paths.js';
import { must_run } from './command.js';
import { locked } from './lock.js';
import { write_statics, statics } from './statics.js';

/**
 * Forms of the app that need a build of their own
 * @type {Record<string, NodeJS.ProcessEnv>}
 */
export const variants = {
	plain: {},
	base: { VARIANT_BASE: '/base/path' },
	prefix: { VARIANT_ENV_PREFIX: 'APP_' },
	instrumented: { VARIANT_INSTRUMENTATION: 'true' },
	// kit 3 only: kit 2 has no `paths.origin`
	origin: { VARIANT_ORIGIN: 'https://baked.example' },
	// ours and kit 3 only
	zstd: { VARIANT_PRECOMPRESS: '{"brotli":true,"gzip":true,"zstd":true}' }
};

/** What `npm pack` would put into the package, the local binary included */
const package_files = [
	'package.json',
	'index.js',
	'index.d.ts',
	'hub.js',
	'hub.d.ts',
	'adapter',
	'runtime',
	'vite',
	'client',
	'native'
];

/** @param {string} file @returns {string[]} */
function files_below(file) {
	if (!fs.existsSync(file)) return [];
	if (!fs.statSync(file).isDirectory()) return [file];
	return fs
		.readdirSync(file)
		.sort()
		.flatMap((name) => files_below(path.join(file, name)));
}

/**
 * @param {string[]} sources files and folders
 * @param {...string} extra
 */
function hash_of(sources, ...extra) {
	const hash = crypto.createHash('sha256');
	for (const text of extra) hash.update(text).update('\0');
	for (const file of sources.flatMap(files_below)) {
		hash.update(path.relative(repository, file)).update('\0').update(fs.readFileSync(file));
	}
	return hash.digest('hex').slice(0, 16);
}

/**
 * Installs an app's locked dependencies into a folder that all builds of it share:
 * Node finds `node_modules` in the folder above
 * @param {string} name folder below `apps`
 */
export async function install(name) {
	const source = path.join(apps, name);
	const manifests = ['package.json', 'package-lock.json'].map((file) => path.join(source, file));
	const folder = cache_folder('apps', `${name}-${hash_of(manifests)}`);

	if (!fs.existsSync(path.join(folder, 'installed'))) {
		for (const file of manifests) fs.copyFileSync(file, path.join(folder, path.basename(file)));
		await must_run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
		fs.writeFileSync(path.join(folder, 'installed'), '');
	}

	return folder;
}

/**
 * Puts this repository's package into an app as an installation would
 * @param {string} app
 */
export function install_adapter(app) {
	const target = path.join(app, 'node_modules/svelte-adapter-oxide');
	for (const name of package_files) {
		const source = path.join(repository, name);
		if (fs.existsSync(source)) fs.cpSync(source, path.join(target, name), { recursive: true });
	}
}

/** A name for the state of the adapter, for whoever caches what was built with it */
export function adapter_hash() {
	return hash_of(package_files.map((name) => path.join(repository, name)));
}

/**
 * Builds that nobody has asked for lately; younger ones may be serving another test run
 * @param {string} folder
 */
function remove_old_builds(folder) {
	const limit = Date.now() - 3_600_000;
	for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
		const mark = path.join(folder, name, 'built');
		if (fs.existsSync(mark) && fs.statSync(mark).mtimeMs < limit) {
			fs.rmSync(path.join(folder, name), { recursive: true, force: true });
		}
	}
}

/**
 * @param {{ kit: 2 | 3, adapter: 'node' | 'oxide', variant?: string }} what
 * @returns {Promise<string>} the build folder
 */
export function build_app({ kit, adapter, variant = 'plain' }) {
	return locked('apps', async () => {
		const name = `kit${kit}`;
		const shared = await install(name);
		const sources = [path.join(apps, 'common'), path.join(apps, name)];
		const hash = hash_of(
			sources,
			adapter,
			variant,
			JSON.stringify(variants[variant]),
			JSON.stringify(Object.entries(statics)),
			adapter === 'oxide' ? adapter_hash() : ''
		);

		const app = path.join(shared, 'builds', `${adapter}-${variant}-${hash}`);
		const build = path.join(app, 'build');
		const mark = path.join(app, 'built');
		if (fs.existsSync(mark)) {
			fs.utimesSync(mark, new Date(), new Date());
			return build;
		}

		remove_old_builds(path.dirname(app));
		for (const source of sources) fs.cpSync(source, app, { recursive: true });
		write_statics(path.join(app, 'static'));
		if (adapter === 'oxide') install_adapter(app);

		await must_run(node, [path.join(shared, 'node_modules/vite/bin/vite.js'), 'build'], {
			cwd: app,
			env: { ...variants[variant], ADAPTER: adapter }
		});
		fs.writeFileSync(mark, '');
		return build;
	});
}
