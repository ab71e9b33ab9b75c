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
 * Takes the lock if nobody has it. It is there with its holder's name at once, or not at all
 * @param {string} file
 */
function take(file) {
	const own = `${file}.${process.pid}`;
	fs.writeFileSync(own, `${process.pid}`);
	try {
		fs.linkSync(own, file);
		return true;
	} catch (error) {
		if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
		return false;
	} finally {
		fs.rmSync(own);
	}
}

/**
 * @param {string} file
 * @returns {number | null} who has the lock; `null`: nobody any more
 */
function holder_of(file) {
	try {
		return Number(fs.readFileSync(file, 'utf8'));
	} catch (error) {
		if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
		return null;
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

	while (!take(file)) {
		const holder = holder_of(file);
		if (holder === null) continue;
		if (alive(holder)) await pause(50 + Math.random() * 100);
		else fs.rmSync(file, { force: true });
	}

	try {
		return await work();
	} finally {
		fs.rmSync(file, { force: true });
	}
}
