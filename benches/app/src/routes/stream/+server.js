const CHUNK = new TextEncoder().encode(`${'0123456789abcdef'.repeat(6)}\n`);

/** What a chunk waits for: something that is there at once, or the next turn of the event loop. */
const WAITS = {
	promise: () => Promise.resolve(),
	turn: () => new Promise((resolve) => setImmediate(resolve))
};

/** @type {import('./$types').RequestHandler} */
export function GET({ url }) {
	let left = Number(url.searchParams.get('chunks') ?? 100);
	const wait = WAITS[url.searchParams.get('wait') ?? 'promise'];
	const body = new ReadableStream({
		async pull(controller) {
			await wait();
			if (left-- > 0) controller.enqueue(CHUNK);
			else controller.close();
		}
	});
	return new Response(body, { headers: { 'content-type': 'text/plain' } });
}
