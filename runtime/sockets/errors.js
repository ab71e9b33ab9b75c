/**
 * What hooks throw. SvelteKit's `error()` and `redirect()` are known by their shape, as the app may
 * have a copy of SvelteKit of its own.
 */

/**
 * @param {unknown} value
 * @returns {value is { status: number, body: { message: string } }}
 */
function is_http_error(value) {
	const { status, body } = /** @type {{ status?: unknown, body?: unknown }} */ (value ?? {});
	return (
		typeof status === 'number' &&
		typeof body === 'object' &&
		body !== null &&
		typeof (/** @type {{ message?: unknown }} */ (body).message) === 'string'
	);
}

/**
 * @param {unknown} value
 * @returns {value is { status: number, location: string }}
 */
function is_redirect(value) {
	const { status, location } = /** @type {{ status?: unknown, location?: unknown }} */ (
		value ?? {}
	);
	return typeof status === 'number' && typeof location === 'string';
}

/**
 * The answer that was meant by what `upgrade` has thrown.
 * @param {unknown} thrown
 * @returns {Response | null} `null`: it is a mistake
 */
export function response_of(thrown) {
	if (thrown instanceof Response) return thrown;
	const { response } = /** @type {{ response?: unknown }} */ (thrown ?? {});
	if (response instanceof Response) return response;
	if (is_redirect(thrown)) {
		const { status, location } = thrown;
		return new Response(null, { status, headers: { location } });
	}
	if (is_http_error(thrown)) return Response.json(thrown.body, { status: thrown.status });
	return null;
}

/**
 * What a peer is told of a hook that has thrown: as everywhere in SvelteKit, only `error()` speaks
 * to clients.
 * @param {unknown} thrown
 */
export const refusal_of = (thrown) =>
	is_http_error(thrown) ? thrown.body.message : 'Internal Error';

/**
 * Whether it is an answer to the peer, and no mistake that somebody has to hear of.
 * @param {unknown} thrown
 */
export const is_refusal = is_http_error;
