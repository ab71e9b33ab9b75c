/** Which platform a process is on, and how its binary is found or missed. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { locate, version } from '../../adapter/addon.js';
import { PLATFORMS, binary_name, package_name, platform_of } from '../../adapter/platforms.js';

const scratch = mkdtempSync(join(tmpdir(), 'oxide-platforms-'));
after(() => rmSync(scratch, { recursive: true }));

/**
 * @param {string} os
 * @param {string} arch
 * @param {boolean} [musl]
 */
const on = (os, arch, musl = false) => platform_of({ os, arch, is_musl: () => musl });

test('platforms have the names of napi-rs', () => {
	assert.equal(on('linux', 'x64'), 'linux-x64-gnu');
	assert.equal(on('linux', 'arm64', true), 'linux-arm64-musl');
	assert.equal(on('darwin', 'arm64'), 'darwin-arm64');
	assert.equal(on('win32', 'x64'), 'win32-x64-msvc');
	assert.equal(on('freebsd', 'x64'), 'freebsd-x64');
});

test('the C library is asked for on Linux only', () => {
	const is_musl = () => assert.fail('asked');
	platform_of({ os: 'darwin', arch: 'x64', is_musl });
	assert.throws(() => platform_of({ os: 'linux', arch: 'x64', is_musl }), /asked/);
});

test('this process is on a platform, and the report is left as it was', () => {
	const report = /** @type {any} */ (process.report);
	const before = report.excludeNetwork;
	assert.match(platform_of(), /^\w+-\w+(-\w+)?$/);
	assert.equal(report.excludeNetwork, before);
});

test('the platforms are the targets of package.json', () => {
	const { napi } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
	/** @type {Record<string, string>} */
	const words = {
		x86_64: 'x64',
		aarch64: 'arm64',
		linux: 'linux',
		darwin: 'darwin',
		windows: 'win32'
	};
	const names = napi.targets.map((/** @type {string} */ target) => {
		const [arch, , os, abi] = target.split('-');
		return [words[os], words[arch], abi].filter(Boolean).join('-');
	});
	assert.deepEqual([...PLATFORMS].sort(), names.sort());
});

test('a binary built from source comes first', () => {
	const directory = join(scratch, 'native');
	mkdirSync(directory);
	const file = join(directory, binary_name('linux-x64-musl'));
	writeFileSync(file, '');
	assert.equal(locate('linux-x64-musl', { directory, from: [] }), file);
});

/**
 * @param {string} app
 * @param {string} platform
 * @param {string} of_version
 */
function install(app, platform, of_version) {
	const directory = join(scratch, app, 'node_modules', package_name(platform));
	mkdirSync(directory, { recursive: true });
	writeFileSync(
		join(directory, 'package.json'),
		JSON.stringify({
			name: package_name(platform),
			version: of_version,
			main: binary_name(platform)
		})
	);
	writeFileSync(join(directory, binary_name(platform)), '');
	return { directory: join(scratch, 'nothing'), from: [join(scratch, app, '_')] };
}

test('an installed package is found', () => {
	const where = install('installed', 'darwin-arm64', version);
	assert.equal(
		locate('darwin-arm64', where),
		join(
			scratch,
			'installed/node_modules',
			package_name('darwin-arm64'),
			binary_name('darwin-arm64')
		)
	);
});

test('a package of another version is refused', () => {
	const where = install('other', 'darwin-arm64', '0.0.1');
	assert.throws(
		() => locate('darwin-arm64', where),
		/darwin-arm64 of the same version, but 0\.0\.1 is/
	);
});

test('a missing binary says what to install and how to build', () => {
	const where = { directory: join(scratch, 'nothing'), from: [] };
	const [own, foreign] =
		platform_of() === 'linux-arm64-musl'
			? ['linux-arm64-musl', 'linux-x64-gnu']
			: [platform_of(), 'linux-arm64-musl'];

	assert.throws(
		() => locate(own, where),
		(/** @type {Error} */ { message }) => {
			assert.match(message, new RegExp(`no native binary for ${own}\\.`));
			assert.ok(message.includes(`npm install --no-save ${package_name(own)}@${version}`), message);
			assert.ok(message.includes('npm run build'), message);
			return true;
		}
	);
	// npm refuses packages of other platforms unless it is told to pretend.
	assert.throws(
		() => locate(foreign, where),
		/--force --os=linux --cpu=\w+ --libc=(musl|glibc) svelte-/
	);
});
