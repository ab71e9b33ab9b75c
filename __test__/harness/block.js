/**
 * Holds the threads of workers until a test lets them go, however long the rest of it takes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { get } from '../parity/case.js';

/**
 * @param {import('node:test').TestContext} t
 * @returns {{ request: ReturnType<typeof get>, release: () => void }} `request` blocks the worker that
 * takes it, which says `blocking`, until `release`
 */
export function blocker(t) {
	const directory = mkdtempSync(join(tmpdir(), 'oxide-block-'));
	const file = join(directory, 'go');
	const release = () => writeFileSync(file, '');
	t.after(release);
	// a worker that is still blocked when its test ends has yet to see the file
	process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
	return { request: get(`/api/block?until=${encodeURIComponent(file)}`), release };
}
