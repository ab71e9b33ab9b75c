import process from 'node:process';

/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET() {
	return Response.json({ version: process.versions.node.split('.')[0], pid: process.pid });
}
