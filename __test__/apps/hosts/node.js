/** The built handler as the listener of a bare `http.Server`. */
import http from 'node:http';
import process from 'node:process';

const { handler } = await import(process.env.HANDLER);

const server = http.createServer((req, res) => {
	if (req.url === '/own') return void res.end('the host itself');
	res.setHeader('x-host', 'node');
	handler(req, res);
});

server.listen(0, '127.0.0.1', () => {
	console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
