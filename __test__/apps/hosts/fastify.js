/** The built handler inside Fastify, by way of middie. */
import middie from '@fastify/middie';
import fastify from 'fastify';
import process from 'node:process';

const { handler } = await import(process.env.HANDLER);

const app = fastify();
await app.register(middie, { hook: 'onRequest' });
app.get('/own', () => 'the host itself');
app.use((req, res, next) => {
	res.setHeader('x-host', 'fastify');
	// Fastify's own routes stay its own
	if (req.url === '/own') next();
	else handler(req, res, next);
});

await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`Listening on http://127.0.0.1:${app.server.address().port}`);
