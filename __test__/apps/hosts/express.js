/** The built handler inside Express 5, after a route and a middleware of the host's own. */
import express from 'express';
import process from 'node:process';

const { handler } = await import(process.env.HANDLER);

const app = express();
app.disable('x-powered-by');
app.get('/own', (_req, res) => void res.send('the host itself'));
app.use((_req, res, next) => {
	res.setHeader('x-host', 'express');
	next();
});
app.use(handler);

const server = app.listen(0, '127.0.0.1', () => {
	console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
