import { existsSync } from 'node:fs';
import process from 'node:process';
import { note } from './shared/record.js';

// for the instrumentation to see that it came first
/** @type {any} */ (globalThis).app_began = true;

process.on('sveltekit:shutdown', (reason) => console.log(`sveltekit:shutdown ${reason}`));

/** Fails while the file is there that `FAIL_START` names */
export function init() {
	const file = process.env.FAIL_START;
	if (file !== undefined && existsSync(file)) throw new Error('thrown by init');
}

/** @type {import('@sveltejs/kit').Handle} */
export async function handle({ event, resolve }) {
	if (event.url.pathname === '/hook/short') {
		return new Response('answered by the hook', { headers: { 'x-from': 'hook' } });
	}
	if (event.url.pathname === '/hook/throw') {
		throw new Error('thrown by the hook');
	}

	const response = await resolve(event, {
		filterSerializedResponseHeaders: (name) => name === 'content-type'
	});

	if (event.url.pathname.startsWith('/hook/wrapped')) {
		// the headers of a response that came out of `fetch` cannot be changed
		const headers = new Headers(response.headers);
		headers.set('x-wrapped', 'yes');
		return new Response(response.body, { status: response.status, headers });
	}

	if (event.route.id) {
		try {
			// a route id may hold characters that a header cannot
			response.headers.set('x-route', encodeURI(event.route.id));
		} catch (error) {
			if (!(error instanceof TypeError)) throw error;
		}
	}

	return response;
}

/**
 * Kit 2 hands over `status` and `message`, kit 3 a `kind`; only what both know is used
 * @param {{ error: unknown, event: import('@sveltejs/kit').RequestEvent }} input
 */
export function handleError({ error, event }) {
	const { message = String(error), status } = /** @type {any} */ (error) ?? {};
	note(
		event.request.headers.get('x-journal') ?? event.url.pathname,
		`handleError ${status ?? '-'} ${message}`
	);
	return { message: `handled: ${message}` };
}
