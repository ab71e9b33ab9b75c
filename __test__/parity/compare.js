/**
 * Compares what two servers answered to the same bytes, field by field. Nothing is
 * forgiven here except what cannot be equal by its nature; decided differences stand in
 * `differences.js`.
 */
import zlib from 'node:zlib';
import { header, values } from '../harness/parse.js';

/** @typedef {import('../harness/wire.js').WireResponse} WireResponse */
/**
 * `a` and `b` are the responses that differ, for what concerns the connection the last ones
 * @typedef {{ field: string, reference: any, subject: any, a?: WireResponse, b?: WireResponse }} Difference
 */

/**
 * `date` is the clock. `connection` and `keep-alive` say the same thing in several ways:
 * what they mean is compared as `persistent`, and what really happens as `connection`
 */
const never_compared = new Set(['date', 'connection', 'keep-alive']);

/**
 * Whether the message says that the connection stays, RFC 9112 section 9.3
 * @param {WireResponse} response
 */
function persistent(response) {
	const options = (header(response, 'connection') ?? '').toLowerCase().split(/\s*,\s*/);
	if (options.includes('close')) return false;
	return response.version === '1.1' || options.includes('keep-alive');
}

/**
 * Encoders differ, the content they encode must not. What cannot be decoded is compared as
 * it is, and then differs from everything that can
 * @param {WireResponse} response
 */
function content(response) {
	const { body, complete, status } = response;
	const decode = decoders[header(response, 'content-encoding') ?? ''];
	if (!decode || !complete || status === 206 || body.length === 0) return body;
	try {
		return decode(body);
	} catch (error) {
		return Buffer.concat([Buffer.from(`${error}\n`), body]);
	}
}

/** @type {Record<string, (body: Buffer) => Buffer>} */
const decoders = { br: zlib.brotliDecompressSync, gzip: zlib.gunzipSync };

/**
 * What stands around the first byte that differs
 * @param {Buffer} body
 * @param {Buffer} other
 */
function show(body, other) {
	let at = 0;
	while (at < body.length && body[at] === other[at]) at += 1;
	const text = body.toString('latin1', Math.max(0, at - 60), at + 200);
	return `${body.length} bytes, from ${at}: ${text}`;
}

/**
 * @param {import('./case.js').Case} test_case
 * @param {import('./play.js').Outcome} reference
 * @param {import('./play.js').Outcome} subject
 * @returns {Difference[]}
 */
export function compare(test_case, reference, subject) {
	/** @type {Difference[]} */
	const found = [];

	/** @param {string} field @param {unknown} a @param {unknown} b */
	const check = (field, a, b) => {
		if (JSON.stringify(a) !== JSON.stringify(b)) found.push({ field, reference: a, subject: b });
	};

	check('count', reference.responses.length, subject.responses.length);
	check('connection', reference.connection, subject.connection);
	check('journal', reference.journal, subject.journal);
	const last = { a: reference.responses.at(-1), b: subject.responses.at(-1) };
	for (const difference of found) Object.assign(difference, last);

	const count = Math.min(reference.responses.length, subject.responses.length);
	for (let i = 0; i < count; i += 1) {
		const a = reference.responses[i];
		const b = subject.responses[i];
		const before = found.length;

		check('version', a.version, b.version);
		check('status', a.status, b.status);
		check('reason', a.reason, b.reason);
		check('interim', a.interim, b.interim);
		check('framing', a.framing, b.framing);
		check('complete', a.complete, b.complete);
		check('trailers', a.trailers, b.trailers);
		check('persistent', persistent(a), persistent(b));

		const names = new Set([...a.headers, ...b.headers].map(([name]) => name.toLowerCase()));
		for (const name of [...names].sort()) {
			if (never_compared.has(name) || test_case.ignore.includes(name)) continue;
			check(`header:${name}`, values(a, name), values(b, name));
		}

		const body_a = Buffer.from(test_case.normalise(content(a)));
		const body_b = Buffer.from(test_case.normalise(content(b)));
		if (!body_a.equals(body_b)) {
			found.push({
				field: 'body',
				reference: show(body_a, body_b),
				subject: show(body_b, body_a)
			});
		}

		for (let j = before; j < found.length; j += 1) Object.assign(found[j], { a, b });
	}

	return found;
}
