/** The built handler inside Polka. */
import polka from 'polka';
import process from 'node:process';

const { handler } = await import(process.env.HANDLER);

const app = polka();
// Polka runs all middleware before any route, so a route of the host is one too
app.use('/own', (_req, res) => void res.end('the host itself'));
app.use((_req, res, next) => {
	res.setHeader('x-host', 'polka');
	next();
});
app.use(handler);

app.listen(0, '127.0.0.1', () => {
	console.log(`Listening on http://127.0.0.1:${app.server.address().port}`);
});
