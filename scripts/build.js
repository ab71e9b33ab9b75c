/**
 * `npm run build`: the release addon with its generated loader and types, into `native/`.
 * Works on a fresh clone. Options are passed on to `napi build` (`--target <triple>`,
 * `--use-napi-cross`, `--cross-compile`), which is how CI builds the other platforms.
 */

import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { run } from './lib/command.js';
import { main } from './lib/main.js';
import { at, NATIVE, NODE } from './lib/places.js';
import { addon_file, host, platforms } from './lib/platform.js';
import { ensure_build_tools } from './lib/toolchain.js';

/** @param {string[]} [passed] further options of `napi build` */
export async function build(passed = []) {
	await ensure_build_tools();

	const { values } = parseArgs({ args: passed, strict: false });
	const triple = values.target;
	const platform = triple ? platforms().find((each) => each.triple === triple) : host();
	if (!platform) {
		const known = platforms().map((each) => each.triple);
		const what = triple ?? `${process.platform} on ${process.arch}`;
		throw new Error(`No addon is made for ${what}. Targets: ${known.join(', ')}`);
	}

	const file = at('native', addon_file(platform));
	fs.mkdirSync(NATIVE, { recursive: true });

	await run(NODE, [
		at('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js'),
		...['build', '--platform', '--release', '--esm'],
		...['--output-dir', 'native', '--js', 'index.js', '--dts', 'index.d.ts'],
		...passed
	]);

	if (!fs.existsSync(file)) throw new Error(`napi build ended well but wrote no ${file}`);
	const megabytes = fs.statSync(file).size / 1024 / 1024;
	console.log(`Built native/${addon_file(platform)} (${megabytes.toFixed(1)} MB)`);
}

await main(import.meta.url, () => build(process.argv.slice(2)));
