/**
 * A copy of the bench app to build in, so that builds of different adapters never share a
 * folder, with the one file that is too big to be kept in the repository.
 */

import fs from 'node:fs';
import path from 'node:path';
import { at } from '../scripts/lib/places.js';

const APP = at('benches', 'app');

const LARGE = 128 * 1024;

/** A script of 128 KiB that repeats itself as bundled code does; the same in every copy. */
function large() {
	let text = '';
	// a generator of its own: Math.random would make every copy another file
	let seed = 1;
	for (let line = 0; text.length < LARGE - 200; line++) {
		seed = (seed * 48271) % 2147483647;
		text += `export const entry_${line} = { key: '${seed.toString(36)}', next: '/entry/${seed % 1000}' };\n`;
	}
	return `${text}// ${'-'.repeat(LARGE - text.length - 4)}\n`;
}

/**
 * Replaces the folder by a fresh copy of benches/app.
 * @param {string} folder
 */
export function copy_app(folder) {
	fs.rmSync(folder, { recursive: true, force: true });
	for (const part of ['package.json', 'vite.config.js', 'src', 'static']) {
		fs.cpSync(path.join(APP, part), path.join(folder, part), { recursive: true });
	}
	fs.writeFileSync(path.join(folder, 'static', 'large.js'), large());
	return folder;
}
