/**
 * Runs a build and tells its parent, when asked over IPC, what the server has counted, how its
 * workers are and how much memory it holds. Started in the build folder.
 */
import process from 'node:process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { server } = await import(pathToFileURL(path.resolve('index.js')).href);

process.on('message', () => {
	process.send?.({
		stats: server.stats(),
		status: server.status(),
		rss: process.memoryUsage.rss()
	});
});

// being watched must not keep a drained server alive
process.channel?.unref();
