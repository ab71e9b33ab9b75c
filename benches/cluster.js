/**
 * adapter-node on several cores as one does it by hand: `node:cluster` forks processes that share
 * the port, each of which runs the whole server. Run in the folder of a build; CLUSTER_PROCESSES
 * says how many.
 */

import cluster from 'node:cluster';
import { pathToFileURL } from 'node:url';

const processes = Number(process.env.CLUSTER_PROCESSES);

if (cluster.isPrimary) {
	for (let count = 0; count < processes; count += 1) cluster.fork();
	process.on('SIGTERM', () => {
		for (const each of Object.values(cluster.workers ?? {})) each?.process.kill('SIGTERM');
	});
} else {
	await import(pathToFileURL(`${process.cwd()}/index.js`).href);
	// the channel to the primary would keep a process alive that has drained
	process.on(/** @type {any} */ ('sveltekit:shutdown'), () => process.disconnect());
}
