/**
 * CPU time of a process and everything it started, from Linux's /proc. A server may keep
 * worker threads and child processes; threads count with their process, children are added.
 */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

/** Clock ticks in a second, the unit of /proc/<pid>/stat; asked for once. */
let ticks_per_second = 0;

function tick_rate() {
	ticks_per_second ||= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
	return ticks_per_second;
}

/**
 * The fields of /proc/<pid>/stat from the third on, or undefined once the process is gone.
 * @param {number} pid
 */
function stat(pid) {
	try {
		const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
		// the second field is the program's name, which may hold spaces and brackets
		return text.slice(text.lastIndexOf(')') + 2).split(' ');
	} catch (error) {
		if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
		throw error;
	}
}

/** @param {number} root */
function tree(root) {
	/** @type {Map<number, number[]>} */
	const children = new Map();
	for (const name of fs.readdirSync('/proc')) {
		const pid = Number(name);
		const fields = Number.isInteger(pid) ? stat(pid) : undefined;
		if (!fields) continue;
		const parent = Number(fields[1]);
		children.set(parent, [...(children.get(parent) ?? []), pid]);
	}
	const found = [root];
	for (const pid of found) found.push(...(children.get(pid) ?? []));
	return found;
}

/**
 * Microseconds of user and system time that the tree has used so far, those of children
 * that have ended included.
 * @param {number} root
 */
export function cpu_us(root) {
	let ticks = 0;
	for (const pid of tree(root)) {
		const fields = stat(pid);
		// utime, stime, cutime, cstime: fields 14 to 17 of proc(5)
		if (fields) for (const value of fields.slice(11, 15)) ticks += Number(value);
	}
	return (ticks / tick_rate()) * 1e6;
}

/**
 * Memory of the tree in MB: what is resident now, and the most that ever was (the sum of each
 * process's own peak).
 * @param {number} root
 */
export function memory_mb(root) {
	let resident = 0;
	let peak = 0;
	for (const pid of tree(root)) {
		try {
			const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
			resident += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
			peak += Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
		} catch (error) {
			if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
		}
	}
	return { resident: resident / 1024, peak: peak / 1024 };
}
