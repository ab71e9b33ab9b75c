/**
 * One holder at a time across processes: test files run side by side, and none of them may
 * install or build what another is installing or building.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { cache_folder } from './paths.js';

/** @param {number} pid */
function alive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
	}
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function locked(name, work) {
	const file = path.join(cache_folder('locks'), name);

	for (;;) {
		try {
			fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
			break;
		} catch (error) {
			if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
			const holder = Number(fs.readFileSync(file, { encoding: 'utf8', flag: 'a+' }));
			if (holder && !alive(holder)) fs.rmSync(file, { force: true });
			else await pause(200);
		}
	}

	try {
		return await work();
	} finally {
		fs.rmSync(file, { force: true });
	}
}
