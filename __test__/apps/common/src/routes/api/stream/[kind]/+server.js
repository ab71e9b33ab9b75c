import { note, opened } from '../../../../shared/record.js';

const encoder = new TextEncoder();

/** @param {number} ms */
const pause = (ms) => new Promise((fulfil) => setTimeout(fulfil, ms));

/** @type {Record<string, (key: string, event: import('@sveltejs/kit').RequestEvent) => Response>} */
const kinds = {
	/** Says `first`, and the rest once the gate opens */
	gated: (key) =>
		new Response(
			new ReadableStream({
				async start(controller) {
					controller.enqueue(encoder.encode('first'));
					await opened(key);
					controller.enqueue(encoder.encode(' second'));
					controller.close();
				}
			})
		),
	/** Several turns of chunks that are a promise away from each other, empty ones among them */
	turns: (key) =>
		new Response(
			new ReadableStream({
				async start(controller) {
					for (const turn of ['a', 'b']) {
						await pause(1);
						for (const text of ['', turn, '', '', turn, '-'.repeat(20_000), `${turn}.`]) {
							await null;
							controller.enqueue(encoder.encode(text));
						}
					}
					await opened(key);
					controller.enqueue(encoder.encode('end'));
					controller.close();
				}
			})
		),
	/** Says `first`, and fails once the gate opens */
	broken: (key) =>
		new Response(
			new ReadableStream({
				async start(controller) {
					controller.enqueue(encoder.encode('first'));
					await opened(key);
					controller.error(new Error('errored in mid-stream'));
				}
			})
		),
	/** Sends only its head until the gate opens */
	head: (key) =>
		new Response(
			new ReadableStream({
				async start(controller) {
					note(key, 'began');
					await opened(key);
					controller.enqueue(encoder.encode('at last'));
					controller.close();
				}
			}),
			{ headers: { 'x-head': 'early' } }
		),
	slow: () => {
		let sent = 0;
		return new Response(
			new ReadableStream({
				async pull(controller) {
					await pause(2);
					sent += 1;
					controller.enqueue(encoder.encode(`line ${sent}\n`));
					if (sent === 10) controller.close();
				}
			})
		);
	},
	/** Server-sent events; the media type alone switches proxy buffering off */
	sse: () => {
		let sent = 0;
		return new Response(
			new ReadableStream({
				async pull(controller) {
					await pause(2);
					sent += 1;
					controller.enqueue(encoder.encode(`data: ${sent}\n\n`));
					if (sent === 3) controller.close();
				}
			}),
			{ headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } }
		);
	},
	'sse-charset': () =>
		new Response('data: 1\n\n', {
			headers: { 'content-type': 'text/event-stream; charset=utf-8' }
		}),
	/** Never ends by itself; the journal tells how it was ended */
	infinite: (key, event) => {
		event.request.signal.addEventListener('abort', () => note(key, 'signal aborted'));
		return new Response(
			new ReadableStream({
				async pull(controller) {
					await pause(2);
					controller.enqueue(encoder.encode('again\n'));
				},
				cancel() {
					note(key, 'body cancelled');
				}
			})
		);
	},
	/** A stream of 64 KiB chunks, as many MiB as asked for, as fast as it is pulled */
	bulk: (key, event) => {
		const chunk = new Uint8Array(65_536).fill(98);
		let left = Number(event.url.searchParams.get('mib') ?? 1) * 16;
		return new Response(
			new ReadableStream(
				{
					pull(controller) {
						if (left === 0) return controller.close();
						left -= 1;
						controller.enqueue(chunk.slice());
					},
					cancel() {
						note(key, 'body cancelled');
					}
				},
				{ highWaterMark: 0 }
			)
		);
	},
	/** Sends back what it reads, while it is still arriving */
	duplex: (_key, event) => new Response(event.request.body)
};

/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET(event) {
	const key = event.url.searchParams.get('key') ?? event.url.pathname;
	return kinds[/** @type {string} */ (event.params.kind)](key, event);
}

export const POST = GET;
