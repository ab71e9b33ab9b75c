/** Calls a function of the hub: `{ name, args }` in, what it returns out. */

/** Peers as what can be told of them. */
function told(value) {
	if (Array.isArray(value)) return value.map(told);
	if (typeof value?.send !== 'function') return value;
	const { id, user, context, transport } = value;
	return { id, user, context, transport, topics: [...value.topics] };
}

/** @type {import('@sveltejs/kit').RequestHandler} */
export async function POST({ request, platform }) {
	const { hub, worker } = /** @type {App.Platform} */ (platform);
	const { name, args, user } = await request.json();
	try {
		const result =
			name === 'sendTo'
				? hub.sendTo((peer) => peer.user?.id === user, ...args)
				: await /** @type {any} */ (hub)[name](...args);
		return Response.json({ worker: worker.id, result: told(result) ?? null });
	} catch (error) {
		const { code = null, message } = /** @type {any} */ (error);
		return Response.json({ worker: worker.id, error: { code, message } });
	}
}
