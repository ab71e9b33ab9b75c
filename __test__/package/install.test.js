/**
 * The installed package: it loads in every Node version we say it does, and where its binary
 * is missing it says which one, what to install and how to build it.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../harness/command.js';
import { node_of } from '../harness/nodes.js';
import { install, tarballs } from './tarballs.js';

const VERSIONS = [20, 22, 24, 26];

describe('installed from the tarballs', () => {
	/** @type {string} */
	let app;
	before(async () => {
		const { main, addon } = tarballs();
		app = await install([main, addon]);
	});
	after(() => fs.rmSync(app, { recursive: true }));

	for (const major of VERSIONS) {
		test(`loads in Node ${major}`, async () => {
			const node = await node_of(major);
			const script = `
				const { default: adapter } = await import('svelte-adapter-oxide');
				const { load } = await import('./node_modules/svelte-adapter-oxide/adapter/addon.js');
				const addon = await load();
				console.log(process.versions.node, adapter().name, Object.keys(addon).length > 0);
			`;
			const args = ['--input-type=module', '-e', script];
			const { code, output } = await run(node, args, { cwd: app });
			assert.equal(code, 0, output);
			assert.match(output, new RegExp(`^${major}\\.\\d+\\.\\d+ svelte-adapter-oxide true\\n$`));
		});
	}
});

describe('installed without the package of the addon', () => {
	test('an error names the platform, the package and the way to build it', async () => {
		const { main, addon } = tarballs();
		const app = await install([main, addon]);
		try {
			const name = path.basename(addon).replace(/-\d.*$/, '');
			const platform = name.replace('svelte-adapter-oxide-', '');
			fs.rmSync(path.join(app, 'node_modules', name), { recursive: true });

			const script = `
				const { load } = await import('./node_modules/svelte-adapter-oxide/adapter/addon.js');
				await load();
			`;
			const args = ['--input-type=module', '-e', script];
			const { code, output } = await run(process.execPath, args, { cwd: app });
			assert.notEqual(code, 0);
			assert.match(output, new RegExp(`no native binary for ${platform}`));
			assert.match(output, new RegExp(`npm install .*${name}@`));
			assert.match(output, /npm run build/);
		} finally {
			fs.rmSync(app, { recursive: true });
		}
	});
});
