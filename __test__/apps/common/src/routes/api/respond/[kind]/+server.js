import { error, json, redirect, text } from '@sveltejs/kit';

const bytes = new Uint8Array([0, 1, 2, 253, 254, 255]);

/** @type {Record<string, (event: import('@sveltejs/kit').RequestEvent) => any>} */
const kinds = {
	string: () => new Response('a string'),
	unicode: () => new Response('snow \u2603 and \u{1f600}'),
	surrogate: () => new Response('lone \ud800 surrogate'),
	empty: () => new Response(''),
	null: () => new Response(null),
	undefined: () => new Response(),
	json: () => json({ a: 1, b: [true, null] }),
	'static-json': () => Response.json({ b: '\u2603' }),
	text: () => text('kit text'),
	'array-buffer': () => new Response(bytes.slice().buffer),
	view: () => new Response(bytes.subarray(1, 3)),
	'data-view': () => new Response(new DataView(bytes.buffer, 2, 2)),
	blob: () => new Response(new Blob(['a ', 'blob'], { type: 'text/x-blob' })),
	'empty-blob': () => new Response(new Blob([])),
	search: () => new Response(new URLSearchParams({ a: '1', b: 'ü&' })),
	form: () => {
		const form = new FormData();
		form.set('a', '1');
		return new Response(form, { headers: { 'x-kind': 'form' } });
	},
	stream: () => new Response(new Blob(['from a blob stream']).stream()),
	'queued-one': () => queued(['one']),
	'queued-two': () => queued(['one', 'two']),
	'queued-three': () => queued(['one', 'two', 'three']),
	'queued-none': () => queued([]),
	'queued-empty': () => queued(['', 'after an empty chunk', '']),
	'async-iterable': () =>
		new Response(
			/** @type {any} */ (
				(async function* () {
					yield new TextEncoder().encode('from ');
					yield new TextEncoder().encode('a generator');
				})()
			)
		),
	strings: () =>
		new Response(
			new ReadableStream({
				start(controller) {
					controller.enqueue('a stream of strings is no stream of bytes');
					controller.close();
				}
			})
		),
	large: () => new Response('0123456789abcdef'.repeat(65_536)),
	'large-bytes': () => new Response(new Uint8Array(3_000_000).fill(65)),
	'large-stream': () => queued(Array.from({ length: 64 }, (_, i) => String(i % 10).repeat(65_536))),
	clone: () => new Response('cloned').clone(),
	rewrapped: () => {
		const inner = new Response('inner', { status: 201, headers: { 'x-inner': 'yes' } });
		return new Response(inner.body, inner);
	},
	locked: () => {
		const response = new Response('locked');
		response.body?.getReader();
		return response;
	},
	used: async () => {
		const response = new Response('used');
		await response.text();
		return response;
	},
	throw: () => {
		throw new Error('thrown by the endpoint');
	},
	reject: async () => {
		await null;
		throw new Error('rejected by the endpoint');
	},
	'throw-string': () => {
		throw 'a string';
	},
	'throw-null': () => {
		throw null;
	},
	'throw-response': () => {
		throw new Response('thrown response', { status: 409 });
	},
	'http-error': () => error(409, 'conflict, says the endpoint'),
	redirect: () => redirect(302, '/elsewhere?a=b'),
	'response-redirect': () => Response.redirect('https://example.test/moved', 301),
	'response-error': () => Response.error(),
	nothing: () => undefined,
	'plain-object': () => ({ status: 200 }),
	fetched: ({ fetch }) => fetch('/api/respond/json'),
	teapot: () => new Response('short and stout', { status: 418, statusText: 'Kettle' }),
	'error-at-once': () =>
		new Response(
			new ReadableStream({
				start(controller) {
					controller.error(new Error('errored at once'));
				}
			})
		),
	'error-after-one': () => failing(1),
	'error-after-many': () => failing(20),
	'content-type-kept': () => new Response('<p>', { headers: { 'content-type': 'TEXT/HTML' } })
};

/** @param {string[]} parts */
function queued(parts) {
	return new Response(
		new ReadableStream({
			start(controller) {
				for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
				controller.close();
			}
		})
	);
}

/** @param {number} good */
function failing(good) {
	let sent = 0;
	return new Response(
		new ReadableStream({
			async pull(controller) {
				await new Promise((fulfil) => setTimeout(fulfil, 1));
				if (sent === good) throw new Error('errored in mid-stream');
				sent += 1;
				controller.enqueue(new TextEncoder().encode(`part ${sent}\n`));
			}
		})
	);
}

/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET(event) {
	return kinds[/** @type {string} */ (event.params.kind)](event);
}

export const POST = GET;
