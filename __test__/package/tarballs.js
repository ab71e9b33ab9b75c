/**
 * The tarballs in `dist/` and a folder they are installed in, as in an app that has nothing
 * else. They are packed by the stage before this one, or by `npm run pack:local`.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from '../harness/command.js';
import { repository } from '../harness/paths.js';

const dist = path.join(repository, 'dist');

/** @returns {{ main: string, addon: string }} absolute paths */
export function tarballs() {
	const files = fs.existsSync(dist) ? fs.readdirSync(dist).filter((f) => f.endsWith('.tgz')) : [];
	const main = files.find((file) => /^svelte-adapter-oxide-\d/.test(file));
	const addon = files.find((file) => file !== main);
	if (!main || !addon) throw new Error('dist/ lacks the tarballs: npm run pack:local');
	return { main: path.join(dist, main), addon: path.join(dist, addon) };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, timeout?: number }} options
 */
export async function succeed(command, args, options) {
	const { code, output } = await run(command, args, options);
	if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${code}:\n${output}`);
	return output;
}

/**
 * A new project with the given tarballs installed. Peer dependencies are the app's business
 * and stay out, so that what the package needs of its own shows.
 * @param {string[]} files
 */
export async function install(files) {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'oxide-package-'));
	const manifest = { name: 'app', version: '0.0.0', private: true, type: 'module' };
	fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
	const args = ['install', '--prefer-offline', '--legacy-peer-deps', '--no-audit', '--no-fund'];
	await succeed('npm', [...args, ...files], { cwd: folder });
	return folder;
}
