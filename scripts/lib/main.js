/**
 * Lets one file be both a module and a command: runs the command only when Node was
 * started with that file, and turns an error into one readable message and exit code 1.
 */

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @param {string} url `import.meta.url` of the file
 * @param {() => Promise<void>} command
 */
export async function main(url, command) {
	const started = process.argv[1];
	if (!started || fs.realpathSync(started) !== fileURLToPath(url)) return;
	try {
		await command();
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		console.error(`\n${message}`);
		if (process.env.DEBUG && error instanceof Error) console.error(error.stack);
		process.exitCode = 1;
	}
}
