/** What a user downloads: the right files, nothing else, and a manifest that npm can act on. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../harness/paths.js';
import { succeed, tarballs } from './tarballs.js';

/** @param {string} tarball */
async function list(tarball) {
	const output = await succeed('tar', ['tzf', tarball], { cwd: repository });
	return output
		.trim()
		.split('\n')
		.map((file) => file.replace(/^package\//, ''));
}

/** @param {string} tarball */
async function manifest(tarball) {
	const args = ['xzOf', tarball, 'package/package.json'];
	return JSON.parse(await succeed('tar', args, { cwd: repository }));
}

describe('the main package', () => {
	test('holds every file its manifest points at', async () => {
		const files = new Set(await list(tarballs().main));
		const { exports, types } = await manifest(tarballs().main);
		/** @param {any} target @returns {string[]} */
		const flat = (target) =>
			typeof target === 'string' ? [target] : Object.values(target).flatMap(flat);
		for (const file of [types, ...flat(exports)]) {
			assert.ok(files.has(path.posix.normalize(file)), `${file} is missing`);
		}
	});

	test('holds the rooms of the adapter, and nothing of the repository around them', async () => {
		const files = await list(tarballs().main);
		const rooms = new Set(files.map((file) => file.split('/')[0]));
		for (const room of ['adapter', 'runtime', 'client', 'native', 'README.md', 'LICENSE']) {
			assert.ok(rooms.has(room), `${room} is missing`);
		}
		for (const room of ['__test__', 'benches', 'examples', 'npm', 'scripts', 'src', 'target']) {
			assert.ok(!rooms.has(room), `${room} is packed`);
		}
		const stray = files.filter((file) => /\.(node|test\.js)$/.test(file));
		assert.deepEqual(stray, []);
	});

	test('names the package of the addon, in its own version', async () => {
		const main = await manifest(tarballs().main);
		const addon = await manifest(tarballs().addon);
		assert.equal(main.optionalDependencies[addon.name], main.version);
		assert.equal(addon.version, main.version);
		assert.equal(main.devDependencies, undefined);
		assert.equal(main.scripts, undefined);
	});
});

describe('the package of the addon', () => {
	test('holds the binary it names, restricted to this platform', async () => {
		const files = await list(tarballs().addon);
		const { main, os, cpu } = await manifest(tarballs().addon);
		assert.ok(files.includes(main), `${main} is missing`);
		assert.deepEqual(os, [process.platform]);
		assert.deepEqual(cpu, [process.arch]);
	});

	test('exists for every target the addon is built for', () => {
		const { napi, version } = JSON.parse(
			fs.readFileSync(path.join(repository, 'package.json'), 'utf8')
		);
		const folders = fs.readdirSync(path.join(repository, 'npm'));
		assert.equal(folders.length, napi.targets.length);
		for (const folder of folders) {
			const file = path.join(repository, 'npm', folder, 'package.json');
			const stub = JSON.parse(fs.readFileSync(file, 'utf8'));
			assert.equal(stub.name, `svelte-adapter-oxide-${folder}`);
			assert.equal(stub.version, version);
			assert.deepEqual(stub.files, [stub.main]);
			assert.equal(stub.main, `svelte-adapter-oxide.${folder}.node`);
			const [os, cpu, abi] = folder.split('-');
			assert.deepEqual(stub.os, [os]);
			assert.deepEqual(stub.cpu, [cpu]);
			const libc = os === 'linux' ? [abi === 'musl' ? 'musl' : 'glibc'] : undefined;
			assert.deepEqual(stub.libc, libc);
		}
	});
});
