/**
 * How a case is written: requests as raw bytes, and what is done with them. A case says
 * which statuses the reference answers with, so that a case which stops reaching what it
 * was written for fails instead of comparing two 404s.
 */

/**
 * One thing the client does:
 * bytes are sent; `sees` waits for bytes; `aside` asks the app something on a connection of
 * its own; `via` asks it for a path, whose name holds a hash, and requests that; `journal`
 * waits until the app has noted something; `finish` sends FIN; `vanish`
 * breaks the connection; `settle` takes the next response before going on.
 * @typedef {string | Uint8Array
 *   | { sees: string }
 *   | { aside: string }
 *   | { via: string, method?: string, headers?: RequestOptions['headers'] }
 *   | { journal: string, has: string }
 *   | { finish: true }
 *   | { vanish: true }
 *   | { settle: true }
 * } Step
 */

/**
 * @typedef {{
 *   name: string,
 *   steps: Step[],
 *   methods: string[],
 *   status: { 2: number[], 3: number[] },
 *   kits: Array<2 | 3>,
 *   probe: boolean,
 *   journal?: string,
 *   ignore: string[],
 *   normalise: (body: Buffer) => Buffer | string
 * }} Case
 */

/**
 * @typedef {{
 *   headers?: Record<string, string | string[]>,
 *   body?: string | Uint8Array,
 *   host?: string | null,
 *   version?: string
 * }} RequestOptions
 */

/**
 * A request as bytes. Strings are latin1: what stands in the source is what is sent
 * @param {string} method
 * @param {string} target
 * @param {RequestOptions} [options]
 * @returns {Buffer}
 */
export function request(method, target, options = {}) {
	const { headers = {}, body, host = 'example.test', version = '1.1' } = options;
	const lines = [`${method} ${target} HTTP/${version}`];
	if (host !== null) lines.push(`host: ${host}`);

	for (const [name, value] of Object.entries(headers)) {
		for (const each of Array.isArray(value) ? value : [value]) lines.push(`${name}: ${each}`);
	}

	const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body ?? []);
	const named = Object.keys(headers).map((name) => name.toLowerCase());
	if (
		body !== undefined &&
		!named.includes('content-length') &&
		!named.includes('transfer-encoding')
	) {
		lines.push(`content-length: ${bytes.length}`);
	}

	return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/**
 * @param {string} target
 * @param {RequestOptions['headers']} [headers]
 */
export const get = (target, headers) => request('GET', target, { headers });

/**
 * A POST from the app's own origin, so that it is no forged form
 * @param {string} target
 * @param {string | Uint8Array} body
 * @param {RequestOptions['headers']} [headers]
 */
export const post = (target, body, headers) =>
	request('POST', target, {
		body,
		headers: { origin: 'https://example.test', 'content-type': 'text/plain', ...headers }
	});

/**
 * A chunked POST; the body is sent separately
 * @param {string} target
 * @param {RequestOptions['headers']} [headers]
 */
export const post_chunked = (target, headers) =>
	request('POST', target, {
		headers: {
			origin: 'https://example.test',
			'content-type': 'text/plain',
			'transfer-encoding': 'chunked',
			...headers
		}
	});

/**
 * A chunked body, RFC 9112 section 7.1
 * @param {Array<string | Uint8Array>} parts
 * @param {{ extension?: string, trailers?: string[], end?: string }} [options]
 * @returns {Buffer}
 */
export function chunked(parts, { extension = '', trailers = [], end } = {}) {
	const out = parts.flatMap((part) => {
		const bytes = Buffer.from(part);
		return [
			Buffer.from(`${bytes.length.toString(16)}${extension}\r\n`),
			bytes,
			Buffer.from('\r\n')
		];
	});
	out.push(
		Buffer.from(end ?? `0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1')
	);
	return Buffer.concat(out);
}

/**
 * @param {string} name
 * @param {number | number[] | { 2: number, 3: number }} status of every response, where the
 *   SvelteKit majors disagree one for each
 * @param {Step | Step[]} steps
 * @param {Partial<Omit<Case, 'name' | 'status' | 'steps'>>} [options]
 * @returns {Case}
 */
export function define(name, status, steps, options = {}) {
	const list = Array.isArray(steps) ? steps : [steps];
	const per_kit = typeof status === 'object' && !Array.isArray(status) ? status : null;
	const same = Array.isArray(status) ? status : [Number(status)];
	const statuses = per_kit ? { 2: [per_kit[2]], 3: [per_kit[3]] } : { 2: same, 3: same };
	return {
		name,
		status: statuses,
		steps: list,
		methods: options.methods ?? methods_of(list, statuses[3].length),
		kits: options.kits ?? [2, 3],
		probe: options.probe ?? true,
		journal: options.journal,
		ignore: options.ignore ?? [],
		normalise: options.normalise ?? ((body) => body)
	};
}

/**
 * The methods of the requests in the order they were sent, as far as they can be read off;
 * a case whose bytes are split inside a request line says them itself
 * @param {Step[]} steps
 * @param {number} count
 */
function methods_of(steps, count) {
	/** @type {string[]} */
	const methods = [];
	for (const step of steps) {
		if (typeof step === 'object' && 'via' in step) methods.push(step.method ?? 'GET');
		if (typeof step !== 'string' && !(step instanceof Uint8Array)) continue;
		const method = /^([A-Z-]+) /.exec(Buffer.from(step).toString('latin1', 0, 40));
		if (method) methods.push(method[1]);
	}
	while (methods.length < count) methods.push('GET');
	return methods;
}
