/**
 * What must be on the machine before anything can run: the packages of
 * `package-lock.json`, Rust, a C compiler, and the programs tests and benches start.
 * What can be installed without asking is installed; the rest is an error that says how.
 */

import fs from 'node:fs';
import path from 'node:path';
import { run, succeeds } from './command.js';
import { NODE, at } from './places.js';

/** Programs by name, with the Debian package that brings each. */
const DEBIAN = /** @type {const} */ ({
	cc: 'build-essential',
	chromium: 'chromium',
	nginx: 'nginx-light',
	'redis-server': 'redis-server',
	taskset: 'util-linux',
	wrk: 'wrk'
});

/** @typedef {keyof typeof DEBIAN} Program */

/**
 * Where a program is found on the path.
 * @param {string} name
 */
export function which(name) {
	const suffixes = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
	for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
		for (const suffix of suffixes) {
			const file = path.join(folder, name + suffix);
			try {
				fs.accessSync(file, fs.constants.X_OK);
				if (fs.statSync(file).isFile()) return file;
			} catch {
				// not in this folder: look in the next one
			}
		}
	}
	return undefined;
}

/** @param {string} name */
const read_lock = (name) => {
	try {
		return JSON.parse(fs.readFileSync(at(name), 'utf8')).packages;
	} catch {
		return undefined;
	}
};

/**
 * True when `node_modules` holds what `package-lock.json` names. npm keeps the tree it
 * installed in a lock file of its own, so nothing has to be asked of npm for this.
 */
function modules_are_current() {
	const wanted = read_lock('package-lock.json');
	const present = read_lock('node_modules/.package-lock.json');
	if (!wanted || !present || !fs.existsSync(NODE)) return false;
	return Object.entries(wanted).every(([place, entry]) => {
		if (!place.startsWith('node_modules/')) return true;
		const found = present[place];
		// packages for other platforms are in the lock and never installed
		return found ? found.version === entry.version : entry.optional === true;
	});
}

/**
 * Installs the JavaScript packages where they are absent or other than the lock says. Not
 * by `npm ci`: it refuses a lock written where the registry lacked some platform's optional
 * package, and it takes `node_modules` away from whatever else is running in this tree.
 */
export async function ensure_modules() {
	if (modules_are_current()) return;
	console.log('Installing JavaScript packages');
	await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
	if (!fs.existsSync(NODE)) {
		// npm may have been told to run no install scripts; this one fetches Node 24
		const script = 'installArchSpecificPackage.js';
		await run(process.execPath, [script], { cwd: at('node_modules', 'node') });
		await run('npm', ['rebuild', '--ignore-scripts', '--loglevel=error', 'node']);
	}
	if (!modules_are_current()) {
		throw new Error(
			'node_modules is not what package-lock.json says, although npm install ended well.\n' +
				'Has package.json been edited without npm install? Otherwise delete node_modules and start again.'
		);
	}
}

/** Fails with directions when there is no Rust to build with. */
export async function ensure_rust() {
	if (await succeeds('cargo', ['--version'])) return;
	const wanted = /^rust-version = "(.+)"/m.exec(fs.readFileSync(at('Cargo.toml'), 'utf8'))?.[1];
	throw new Error(
		`cargo was not found. The native server is written in Rust (${wanted} or newer); install it from\n` +
			'  https://rustup.rs\n' +
			'open a new shell, and start again.'
	);
}

/**
 * Brings rustfmt and clippy, which a minimal installation of Rust lacks. Where that cannot be
 * done, the stage that wants them fails with cargo's own words.
 */
export async function ensure_rust_components() {
	for (const component of ['rustfmt', 'clippy']) {
		const command = component === 'rustfmt' ? 'fmt' : component;
		if (await succeeds('cargo', [command, '--version'])) continue;
		if (!(await succeeds('rustup', ['--version']))) continue;
		console.log(`Installing ${component} (rustup component add)`);
		await run('rustup', ['component', 'add', component]);
	}
}

/**
 * The command that installs Debian packages here without a question, or the reason why
 * there is none.
 * @returns {Promise<{ apt: string[] } | { reason: string }>}
 */
async function installer() {
	if (!which('apt-get')) return { reason: 'there is no apt-get on this machine' };
	if (process.getuid?.() === 0) return { apt: ['apt-get'] };
	// -n: a password prompt in the middle of a run would look like a hang
	if (await succeeds('sudo', ['-n', 'true'])) return { apt: ['sudo', '-n', 'apt-get'] };
	return { reason: 'installing needs root, and sudo asks for a password' };
}

/**
 * Makes programs available, from Debian packages where they are missing. Returns those
 * that are still missing, after saying so.
 * @param {Program[]} programs
 * @returns {Promise<Program[]>}
 */
export async function ensure_programs(programs) {
	const missing = programs.filter((name) => !which(name));
	if (missing.length === 0) return [];

	const packages = [...new Set(missing.map((name) => DEBIAN[name]))];
	const found = await installer();
	if ('apt' in found) {
		console.log(`Installing Debian packages: ${packages.join(' ')}`);
		const [command, ...args] = found.apt;
		const env = { DEBIAN_FRONTEND: 'noninteractive' };
		const install = ['install', '-y', '--no-install-recommends', ...packages];
		try {
			await run(command, [...args, 'update', '-qq'], { env, quiet: true });
			await run(command, [...args, ...install], { env, quiet: true });
		} catch (error) {
			warn(`${/** @type {Error} */ (error).message}`);
		}
	}

	const left = missing.filter((name) => !which(name));
	if (left.length > 0) {
		const why = 'reason' in found ? found.reason : 'the installation failed';
		const names = [...new Set(left.map((name) => DEBIAN[name]))].join(' ');
		warn(`Missing: ${left.join(', ')}: ${why}.\nInstall by hand: apt-get install ${names}`);
	}
	return left;
}

/** Everything `cargo build` and the napi command line need. */
export async function ensure_build_tools() {
	await ensure_rust();
	if (process.platform === 'linux' && !which('cc')) {
		const left = await ensure_programs(['cc']);
		if (left.length > 0)
			throw new Error('The native server cannot be linked without a C compiler.');
	}
	await ensure_modules();
}

/**
 * Says something that must not be overlooked in a long log.
 * @param {string} text
 */
export function warn(text) {
	const bar = '!'.repeat(78);
	console.warn(`\n${bar}\n${text.replace(/^/gm, '!! ')}\n${bar}\n`);
}
