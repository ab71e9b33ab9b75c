/**
 * Releases of the app in this folder, and the folder that one of them is served from: a deploy
 * moves the one that is there away and another in.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build_copy } from '../harness/copies.js';
import { cache_folder } from '../harness/paths.js';

const source = fileURLToPath(new URL('./app', import.meta.url));

/** More than `ASSET_MEMORY_FILE_LIMIT` has to be asked for, so this is large enough for tests */
export const LARGE = 300_000;

/** @param {string} release what `static/large.bin` consists of */
export const large = (release) => Buffer.alloc(LARGE, release);

/**
 * @param {string} release `broken` cannot start
 * @returns {Promise<string>} the build folder
 */
export const build_release = (release) =>
	build_copy({
		source,
		name: `workers-${release}`,
		env: { RELEASE: release },
		change(app) {
			fs.mkdirSync(path.join(app, 'src/lib'), { recursive: true });
			fs.mkdirSync(path.join(app, 'static'), { recursive: true });
			fs.writeFileSync(path.join(app, 'static/release.txt'), release);
			fs.writeFileSync(path.join(app, 'static/large.bin'), large(release));
			const picture = `<svg xmlns="http://www.w3.org/2000/svg"><title>${release}</title></svg>`;
			fs.writeFileSync(path.join(app, 'src/lib/release.svg'), picture);
		}
	});

/** A place with a folder `build` whose content changes */
export class Site {
	#place = fs.mkdtempSync(path.join(cache_folder('deployed'), 'site-'));
	#moved = 0;

	/** What is served */
	build = path.join(this.#place, 'build');

	/** @param {string} build */
	constructor(build) {
		fs.writeFileSync(path.join(this.#place, 'package.json'), '{ "type": "module" }');
		fs.cpSync(build, this.build, { recursive: true });
	}

	/**
	 * Puts a copy of another build in the place of the one that is there
	 * @param {string} build
	 * @param {(copy: string) => void} [change] what is done to the copy before it is moved in
	 */
	swap(build, change) {
		const incoming = path.join(this.#place, 'incoming');
		fs.cpSync(build, incoming, { recursive: true });
		change?.(incoming);
		this.#moved += 1;
		const old = path.join(this.#place, `old-${this.#moved}`);
		fs.renameSync(this.build, old);
		fs.renameSync(incoming, this.build);
		fs.rmSync(old, { recursive: true });
	}

	remove() {
		fs.rmSync(this.#place, { recursive: true, force: true });
	}
}

/**
 * Changes a build's `oxide.json`
 * @param {string} build
 * @param {Record<string, unknown>} changes
 */
export function change_handoff(build, changes) {
	const file = path.join(build, 'oxide.json');
	const handoff = JSON.parse(fs.readFileSync(file, 'utf8'));
	fs.writeFileSync(file, JSON.stringify({ ...handoff, ...changes }));
}

/**
 * Makes another build of the same code
 * @param {string} build
 * @param {string} name
 */
export function rename_build(build, name) {
	const before = JSON.parse(fs.readFileSync(path.join(build, 'oxide.json'), 'utf8')).build;
	change_handoff(build, { build: name });
	const file = path.join(build, 'oxide.js');
	fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(before, name));
}
