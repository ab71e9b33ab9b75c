import { note, opened } from '../../../../shared/record.js';

/**
 * Answers once the gate opens; the journal says what the request's signal did meanwhile
 * @type {import('@sveltejs/kit').RequestHandler}
 */
export async function fallback({ params, request, url }) {
	const key = /** @type {string} */ (params.key);
	note(key, `began ${request.signal.aborted}`);
	request.signal.addEventListener('abort', () => note(key, 'signal aborted'));

	if (url.searchParams.has('read')) {
		await request.text().then(
			() => note(key, 'body read'),
			() => note(key, 'body failed')
		);
	}

	const aborted = new Promise((fulfil) => request.signal.addEventListener('abort', fulfil));
	await (url.searchParams.has('signal') ? aborted : opened(key));
	note(key, `answering ${request.signal.aborted}`);
	return new Response(`waited for ${key}`);
}
