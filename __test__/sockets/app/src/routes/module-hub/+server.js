import { hub } from 'svelte-adapter-oxide/hub';

/** @type {import('@sveltejs/kit').RequestHandler} */
export function POST({ url, platform }) {
	// from where no request is known
	setImmediate(() => hub.publish('room:timer', `from a timer, ${url.search}`));
	return Response.json({ count: hub.count(), worker: platform?.worker.id });
}
