/**
 * Runs the same random program on the platform's web objects and on the light ones, and
 * writes down everything a program could observe.
 */
import fc from 'fast-check';

/** Valid, odd and invalid, so that validation and normalisation are compared too */
export const name = fc.oneof(
	fc.constantFrom(
		'a',
		'B',
		'content-type',
		'Content-Type',
		'set-cookie',
		'Set-Cookie',
		'x-1',
		'vary',
		'ETag'
	),
	fc.constantFrom('', ' a', 'a b', 'ä', 'a:', 'a\n', '(', 'constructor', '__proto__'),
	fc.string({ maxLength: 5 })
);

export const value = fc.oneof(
	fc.constantFrom('', '1', 'text/plain', 'a=1; Path=/', 'a, b', ' padded\t', 'tab\tinside', 'é'),
	fc.constantFrom('a\nb', '\r', '\0', '\x01', '\x7f', '\u0100', '\n1\n'),
	fc.string({ maxLength: 8 })
);

const any_value = fc.oneof(
	{ weight: 8, arbitrary: value },
	{ weight: 1, arbitrary: fc.constantFrom(undefined, null, 5, true, {}, [1, 2]) }
);

/** @type {fc.Arbitrary<{ op: string, args: readonly unknown[] }>} */
export const headers_step = fc.oneof(
	fc.record({ op: fc.constantFrom('append', 'set'), args: fc.tuple(name, any_value) }),
	fc.record({ op: fc.constantFrom('get', 'has', 'delete'), args: fc.tuple(name) }),
	fc.record({
		op: fc.constantFrom('getSetCookie', 'entries', 'keys', 'values'),
		args: fc.constant([])
	}),
	fc.record({
		op: fc.constantFrom('append', 'set', 'get', 'has', 'delete', 'forEach'),
		args: fc.constant([])
	}),
	fc.record({ op: fc.constantFrom('each', 'copy', 'while'), args: fc.tuple(name, value) })
);

export const headers_init = fc.oneof(
	fc.constantFrom(undefined, null, 1, 'a', [], {}, [['a']], [['a', 'b', 'c']]),
	fc.array(fc.tuple(name, any_value), { maxLength: 4 }),
	fc.dictionary(name, any_value, { maxKeys: 4, noNullPrototype: false })
);

/**
 * What an action gives or throws, in a form that can be compared
 * @param {() => unknown} action
 */
export function outcome(action) {
	try {
		return { gives: plain(action()) };
	} catch (error) {
		return { throws: error instanceof Error ? error.constructor.name : error };
	}
}

/** @param {() => unknown} action */
export async function outcome_of_promise(action) {
	try {
		return { gives: plain(await action()) };
	} catch (error) {
		return { throws: error instanceof Error ? error.constructor.name : error };
	}
}

/** @param {unknown} result */
function plain(result) {
	if (result === null || typeof result !== 'object') return result;
	if (result instanceof ArrayBuffer) return [...new Uint8Array(result)];
	if (ArrayBuffer.isView(result))
		return [...new Uint8Array(result.buffer, result.byteOffset, result.byteLength)];
	if (Symbol.iterator in result) {
		return [Object.prototype.toString.call(result), ...Array.from(/** @type {any} */ (result))];
	}
	return JSON.parse(JSON.stringify(result) ?? 'null');
}

/**
 * @param {Headers} headers
 * @param {Array<{ op: string, args: readonly unknown[] }>} program
 * @param {typeof Headers} constructor
 */
export function run_headers(headers, program, constructor) {
	return program.map(({ op, args }) => {
		if (op === 'each') {
			return outcome(() => {
				/** @type {unknown[]} */
				const seen = [];
				headers.forEach(
					/** @this {unknown} */ function (entry_value, entry_name, all) {
						seen.push([entry_name, entry_value, all === headers, this]);
					},
					7
				);
				return seen.map(String);
			});
		}
		if (op === 'copy') return outcome(() => [...new constructor(headers)]);
		if (op === 'while') {
			return outcome(() => {
				const seen = [];
				for (const [key] of headers) {
					seen.push(key);
					if (seen.length === 1)
						headers.append(/** @type {string} */ (args[0]), /** @type {string} */ (args[1]));
					if (seen.length > 20) break;
				}
				return seen;
			});
		}
		return outcome(() => /** @type {any} */ (headers)[op](...args));
	});
}

/** What a program can do with the body of a request as well as of a response. */
export const body_ops = /** @type {const} */ ([
	'text',
	'json',
	'arrayBuffer',
	'bytes',
	'blob',
	'formData',
	'cancel',
	'touch',
	'lock'
]);

/**
 * A step on the body, or else on the headers.
 * @param {Request | Response} owner
 * @param {{ op: string, args: readonly unknown[] }} step
 */
export async function run_step(owner, { op, args }) {
	switch (op) {
		case 'text':
		case 'json':
		case 'arrayBuffer':
		case 'bytes':
			return outcome_of_promise(() => owner[op]());
		case 'blob':
			return outcome_of_promise(async () => {
				const blob = await owner.blob();
				return [blob.type, await blob.text()];
			});
		case 'formData':
			return outcome_of_promise(async () => [...(await owner.formData())].map(String));
		case 'cancel':
			return outcome_of_promise(() => owner.body?.cancel());
		case 'touch':
			return outcome_of_promise(() => owner.body?.locked);
		case 'lock':
			return outcome_of_promise(() => typeof owner.body?.getReader());
		default:
			return run_headers(owner.headers, [{ op, args }], Headers);
	}
}
