/**
 * `npm run autobahn`: the Autobahn suite, some 300 cases of the WebSocket protocol from outside,
 * against an app whose hook echoes. The suite is Python's and stands outside the project:
 * `AUTOBAHN` names a script that takes the server's URL and ends with 0 if no case has failed.
 *
 * Cases 12 and 13 are those of permessage-deflate, which is declined: there it is the refusal that
 * counts.
 */

import fs from 'node:fs';
import { start_site } from '../__test__/sockets/site.js';
import { build } from './build.js';
import { run, succeeds } from './lib/command.js';
import { main } from './lib/main.js';
import { at } from './lib/places.js';
import { ensure_modules } from './lib/toolchain.js';

/** Where the suite is, or nothing. */
function suite() {
	const named = process.env.AUTOBAHN ?? at('..', 'shared', 'conformance', 'autobahn', 'run.sh');
	return fs.existsSync(named) ? named : undefined;
}

/**
 * Why the suite cannot be run here, if so: it gets Python's packages when it is first called.
 * @returns {Promise<string | undefined>}
 */
export async function missing() {
	const script = suite();
	if (script === undefined) return 'the suite is not here, see scripts/autobahn.js';
	if (await succeeds('sh', [script, 'ws://unused', '-l'])) return undefined;
	return 'the suite could not be installed, which takes Python 3.11 or 3.12 and its packages';
}

/** The suite's longest messages have 16 MiB. */
const env = { WEBSOCKET_MAX_MESSAGE_SIZE: '17mb', WEBSOCKET_MAX_QUEUED_BYTES: '64mb' };

async function autobahn() {
	const script = suite();
	if (script === undefined) {
		throw new Error(
			'AUTOBAHN must name the script that runs the suite: see the head of this file.'
		);
	}
	await ensure_modules();
	if (!process.argv.includes('--no-build')) await build();
	const site = await start_site({ env });
	try {
		await run('sh', [script, `ws://127.0.0.1:${site.port}/echo`]);
	} finally {
		await site.stop();
	}
}

await main(import.meta.url, autobahn);
