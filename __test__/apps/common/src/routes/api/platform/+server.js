/** @type {import('@sveltejs/kit').RequestHandler} */
export function fallback({ platform }) {
	const req = /** @type {any} */ (platform).req;
	return Response.json({
		method: req.method,
		url: req.url,
		headers: req.headers,
		http: req.httpVersion,
		remote: req.socket.remoteAddress,
		port: typeof req.socket.remotePort
	});
}
