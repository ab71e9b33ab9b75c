/**
 * The peer of `npm run bench:ws`: the package `ws` on Node's own server, with the sockets that have
 * sent `s` as subscribers of whatever begins with `p`. Answers any request, so that the bench knows
 * when it is there.
 */

import http from 'node:http';
import { WebSocketServer } from 'ws';

const subscribers = new Set();
const server = http.createServer((_, response) => response.end('here'));

new WebSocketServer({ server, path: '/ws' }).on('connection', (socket) => {
	socket.on('message', (data, binary) => {
		const text = `${data}`;
		if (text === 's') return void subscribers.add(socket);
		// one frame for all, as its documentation has it
		for (const each of subscribers) each.send(text, { binary });
	});
	socket.on('close', () => subscribers.delete(socket));
});

server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit());
