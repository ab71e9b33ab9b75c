/**
 * One request of a path and what came back, and whether all subjects gave the same: a ratio
 * between different answers means nothing.
 */

import { request_of } from './paths.js';

/** @typedef {import('./paths.js').BenchPath} BenchPath */
/** @typedef {import('./subjects.js').Running} Running */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} type
 * @property {string} encoding
 * @property {Buffer} body decoded
 */

/**
 * @param {Response} response
 * @returns {Promise<Answer>}
 */
export const answer_of = async (response) => ({
	status: response.status,
	type: response.headers.get('content-type') ?? 'none',
	encoding: response.headers.get('content-encoding') ?? 'none',
	body: Buffer.from(await response.arrayBuffer())
});

/**
 * @param {string} server
 * @param {BenchPath} path
 */
export async function ask(server, path) {
	const url = new URL(path.path, server);
	const { method, headers, body } = request_of(path, url.host);
	return answer_of(
		await fetch(url, { method, headers: { 'accept-encoding': 'identity', ...headers }, body })
	);
}

/**
 * What is wrong with an answer, if anything.
 * @param {Answer} answer
 * @param {BenchPath} path
 */
function fault({ status, type, encoding, body }, path) {
	const [least, most] = path.size;
	if (status !== 200) return `status ${status}: ${body.subarray(0, 300)}`;
	if (!path.type.test(type)) return `content type ${type}`;
	if (!(path.encoding ?? /^none$/).test(encoding)) return `content encoding ${encoding}`;
	if (body.length < least || body.length > most)
		return `${body.length} bytes, expected ${least} to ${most}`;
	return undefined;
}

/**
 * Asks every subject that serves the path and throws unless all answer it well and alike.
 * @param {Running[]} subjects
 * @param {BenchPath} path
 */
export async function check(subjects, path) {
	/** @type {{ name: string, body: Buffer } | undefined} */
	let first;
	for (const { subject, ask } of subjects) {
		if (!subject.serves(path)) continue;
		const answer = await ask(path);
		const wrong = fault(answer, path);
		if (wrong) throw new Error(`${subject.name} answers ${path.path} with ${wrong}`);
		// another SvelteKit writes other markup; its length was checked
		if (path.page && subject.other_kit) continue;
		first ??= { name: subject.name, body: answer.body };
		if (first.body.equals(answer.body)) continue;
		throw new Error(`${first.name} and ${subject.name} answer ${path.path} differently`);
	}
}
