/** What a process holds in memory and how many sockets it has open, from Linux's /proc. */

import fs from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { median } from '../statistics.js';

/**
 * @typedef {object} Resident
 * @property {number} rss bytes in memory; socket buffers are the kernel's and not among them
 * @property {number} pss the same, pages shared with other processes divided among them
 * @property {number} anonymous bytes that no file stands behind: heaps and stacks
 */

/**
 * @param {number} pid
 * @returns {Resident}
 */
export function resident(pid) {
	const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
	/** @param {string} name */
	const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
	return { rss: bytes('Rss'), pss: bytes('Pss'), anonymous: bytes('Anonymous') };
}

/**
 * The memory once it has come to rest: the median of a few looks.
 * @param {number} pid
 * @param {number} seconds to wait before the first look
 * @returns {Promise<Resident>}
 */
export async function settled(pid, seconds) {
	await wait(seconds * 1000);
	/** @type {Resident[]} */
	const looks = [];
	for (let look = 0; look < 5; look++) {
		looks.push(resident(pid));
		await wait(200);
	}
	/** @param {keyof Resident} name */
	const middle = (name) => median(looks.map((each) => each[name]));
	return { rss: middle('rss'), pss: middle('pss'), anonymous: middle('anonymous') };
}

/**
 * Watches a process until `stop` is called, which returns the most it held.
 * @param {number} pid
 */
export function watch_peak(pid) {
	let most = resident(pid).rss;
	const timer = setInterval(() => {
		most = Math.max(most, resident(pid).rss);
	}, 100);
	return {
		stop() {
			clearInterval(timer);
			return most;
		}
	};
}

/**
 * Sockets the process has open, its listener among them.
 * @param {number} pid
 */
export function sockets(pid) {
	const folder = `/proc/${pid}/fd`;
	let count = 0;
	for (const name of fs.readdirSync(folder)) {
		try {
			if (fs.readlinkSync(`${folder}/${name}`).startsWith('socket:')) count++;
		} catch (error) {
			// closed between the listing and the look
			if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
		}
	}
	return count;
}
