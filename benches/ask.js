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
 * Asks every subject that serves the path, and returns those that answer it well and alike. A
 * peer that does not is told to `leave_out`; for the others it is an error.
 * @param {Running[]} all
 * @param {BenchPath} path
 * @param {(reason: string) => void} leave_out
 * @returns {Promise<Running[]>}
 */
export async function check(all, path, leave_out) {
	/** @type {{ name: string, body: Buffer } | undefined} */
	let first;
	const good = [];
	for (const each of all) {
		const { name, other_kit, peer } = each.subject;
		if (!each.subject.serves(path)) continue;
		const answer = await each.ask(path);
		// another SvelteKit writes other markup, and only its length can be judged
		const body = path.page && other_kit ? undefined : answer.body;
		let wrong = fault(answer, path);
		if (!wrong && first && body && !first.body.equals(body))
			wrong = `other bytes than ${first.name}`;
		if (!wrong) {
			if (body) first ??= { name, body };
			good.push(each);
			continue;
		}
		const reason = `${name} answers ${path.path} with ${wrong}`;
		if (!peer) throw new Error(reason);
		leave_out(reason);
	}
	return good;
}
