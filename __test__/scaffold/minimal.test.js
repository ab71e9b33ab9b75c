/**
 * The smallest app of SvelteKit 3, built and deployed by hand: the build folder and one
 * production dependency, without our package. And what is said where the binary is missing.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { platform_of } from '../../adapter/platforms.js';
import { free_port } from '../harness/project.js';
import { start_failing, start_server } from '../harness/server.js';
import { build, deploy, empty_folder, here, install } from './app.js';

describe('a minimal app', { concurrency: false }, () => {
	/** @type {string} */
	let place;
	/** @type {string} */
	let deployed;

	before(async () => {
		place = empty_folder();
		const app = path.join(place, 'app');
		fs.cpSync(path.join(here, 'minimal'), app, { recursive: true });
		await install(app);
		await build(app);
		deployed = await deploy(app, place);
		fs.rmSync(app, { recursive: true });
	});
	after(() => fs.rmSync(place, { recursive: true, force: true }));

	test('runs with its production dependencies and without our package', async () => {
		const installed = fs.readdirSync(path.join(place, 'deployed/node_modules'));
		assert.deepEqual(
			installed.filter((name) => !name.startsWith('.')),
			['clsx']
		);

		const port = await free_port();
		const origin = `http://127.0.0.1:${port}`;
		const server = await start_server({
			build: deployed,
			env: { PORT: String(port), ORIGIN: origin }
		});
		try {
			for (const [target, text] of [
				['/', '<h1>Minimal</h1>'],
				['/about', '<h1>About</h1>'],
				['/classes', 'one two'],
				['/robots.txt', 'User-agent: *']
			]) {
				const response = await fetch(origin + target);
				assert.equal(response.status, 200, target);
				assert.ok((await response.text()).includes(text), target);
			}
			const form = await fetch(`${origin}/form`, {
				method: 'POST',
				body: new URLSearchParams({ word: 'größer' }),
				headers: { origin, accept: 'text/html' }
			});
			assert.equal(form.status, 200);
			assert.match(await form.text(), /<p>größer<\/p>/);
			assert.equal((await fetch(`${origin}/nowhere`)).status, 404);

			server.signal('SIGTERM');
			assert.deepEqual(await server.ended, { code: 0, signal: null });
		} finally {
			await server.stop();
		}
	});

	test('runs from any working directory', async () => {
		const server = await start_server({
			build: place,
			entry: path.join(deployed, 'index.js')
		});
		try {
			const response = await fetch(`http://127.0.0.1:${server.port}/about`);
			assert.equal(response.status, 200);
		} finally {
			await server.stop();
		}
	});

	for (const entry of ['index.js', 'handler.js']) {
		test(`${entry} without its binary names the platform and what to install`, async () => {
			const name = platform_of();
			const copy = path.join(place, 'without');
			fs.cpSync(path.join(place, 'deployed'), copy, { recursive: true });
			try {
				fs.rmSync(path.join(copy, `build/native/svelte-adapter-oxide.${name}.node`));
				// as a process manager starts it
				fs.writeFileSync(path.join(copy, 'index.js'), `await import('./build/${entry}');`);
				const result = await start_failing({ build: copy, env: {} });
				assert.ok('code' in result, 'it started');
				assert.notEqual(result.code, 0);
				assert.ok(result.output.includes(`no native server for ${name}`), result.output);
				assert.ok(result.output.includes(`svelte-adapter-oxide-${name}`), result.output);
				assert.ok(result.output.includes('platforms'), result.output);
			} finally {
				fs.rmSync(copy, { recursive: true });
			}
		});
	}
});
