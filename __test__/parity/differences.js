/**
 * What is decided to differ from adapter-node, and why. A row that matches nothing fails
 * the suite: the table never grows old. What a row allows is asserted on its own in
 * `__test__/server/wire.test.js`.
 */
import { header } from '../harness/parse.js';

/**
 * `when` judges the two responses; a row that is `silent` allows ours to end the
 * connection without any
 * @typedef {{
 *   cases: RegExp,
 *   field: RegExp,
 *   when?: (difference: Required<import('./compare.js').Difference>) => boolean,
 *   silent?: boolean,
 *   kits?: Array<2 | 3>,
 *   why: string
 * }} Row
 */

const any = /^/;
const files =
	/^(static|encoding|conditional|range|base|origin|socket|continue|wire|pipeline|echo|upgrade)\//;
const framing = /^(framing|header:content-length|header:transfer-encoding)$/;
const refusal =
	/^(framing|header:content-length|header:transfer-encoding|header:content-type|body)$/;

/** @param {import('../harness/parse.js').WireResponse} response */
const length = (response) => Number(header(response, 'content-length'));

/**
 * Of the representation, also where only a part of it was sent
 * @param {import('../harness/parse.js').WireResponse} response
 */
const whole_length = (response) =>
	Number(/\/(\d+)$/.exec(header(response, 'content-range') ?? '')?.[1] ?? length(response));

/** @type {Row[]} */
export const differences = [
	{
		cases: any,
		field: /^header:x-content-type-options$/,
		when: ({ reference, subject }) => reference.length === 0 && String(subject) === 'nosniff',
		why: 'files carry x-content-type-options: nosniff, so that a browser does not guess'
	},
	{
		cases: any,
		field: framing,
		when: ({ a, b }) => a.framing === 'chunked' && a.body.length === 0 && length(b) === 0,
		why: 'an empty body has a content-length of 0, where Node sends an empty chunked one'
	},
	{
		cases: /^(response\/(locked|used)|header\/(control|delete|a connection that is still good.*))$/,
		field: framing,
		when: ({ a, b }) => a.framing === 'chunked' && length(b) === b.body.length,
		why: 'a message of the server itself has a content-length'
	},
	{
		cases: /^header\/(control|delete|a connection that is still good after a bad header)$/,
		field: /^(header:content-type|body)$/,
		when: ({ b }) => /^Invalid character in header content \["x-bad"\]$/.test(b.body.toString()),
		why: "a header that cannot be written is a clean 500 of ours, without Node's error code"
	},
	{
		cases: /^(as 6\/)?(static|encoding|base)\//,
		field: /^header:(vary|etag|content-encoding|content-length)$/,
		when: ({ a, b }) => Boolean(header(a, 'vary')) && !header(b, 'vary') && !(length(b) > 100),
		why: 'a variant that is not smaller is not written, so there is nothing to vary by'
	},
	{
		cases: /^(as 6\/)?(static|encoding|conditional|range|base)\//,
		field: /^(header:content-length|header:content-range|body)$/,
		when: ({ a, b, field }) =>
			(a.status === 416 || header(b, 'vary') !== undefined) &&
			Math.abs(whole_length(a) - whole_length(b)) <= 4 &&
			(field !== 'body' || a.status === 206),
		why: 'another encoder wrote the variant: it decodes to the same, in a few bytes more or less'
	},
	{
		cases: /^static\/prerendered: entry with a space, slash$/,
		field: /^header:location$/,
		when: ({ subject }) => /^(\.\.|\/pre\/item)\/with%20space$/.test(String(subject)),
		why: 'a location is a URI reference (RFC 9110 section 10.2.2): spaces are escaped'
	},
	{
		cases: /^path\/absolute form/,
		field: any,
		when: ({ b }) => b.status === 200,
		why: 'the absolute form is understood, as RFC 9112 section 3.2.2 demands of servers'
	},
	{
		cases: /^path\/asterisk with/,
		field: any,
		when: ({ b }) => b.status === 400,
		why: 'the asterisk names no resource; Node appends it to the host name'
	},
	{
		cases: /^path\/a fragment$/,
		field: /^(body|header:content-length)$/,
		when: ({ b }) => !b.body.includes('#'),
		why: 'a fragment is no part of a request target (RFC 9112 section 3.2)'
	},
	{
		cases: /^path\/["<>`] in a (path|query)$/,
		field: any,
		when: ({ b }) => b.status === 400,
		why: 'what no URI may hold unescaped (RFC 3986 appendix A), and no browser sends, is refused'
	},
	{
		cases: any,
		field: refusal,
		when: ({ a, b }) =>
			[400, 431].includes(a.status) &&
			a.status === b.status &&
			a.framing !== 'length' &&
			(a.body.length === 0 || b.body.length === 0 || a.body.equals(b.body)) &&
			length(b) === b.body.length,
		why: "what the parser refuses is answered with a length, where Node's answer has none"
	},
	{
		cases: any,
		field: /^header:content-type$/,
		when: ({ reference, b }) =>
			reference.length === 0 && b.status === 400 && b.body.toString() === 'Bad Request',
		why: 'our own 400 says that it is text'
	},
	{
		cases: /^(status\/|response\/teapot|page\/expected error)/,
		field: /^reason$/,
		when: ({ b }) => [203, 418].includes(b.status),
		why: 'reason phrases are spelled otherwise by hyper; no client reads them'
	},
	{
		cases: /^echo\/set-cookie in a request$/,
		field: /^(body|header:content-length)$/,
		when: ({ b }) => b.body.includes('"set-cookie","a=1, b=2"'),
		why: 'repeated headers of a request are joined the same way whatever their name'
	},
	{
		cases: /HTTP\/1\.0/,
		field: /^version$/,
		when: ({ reference, subject }) => reference === '1.1' && subject === '1.0',
		why: 'a client of HTTP/1.0 is answered in HTTP/1.0'
	},
	{
		cases: /^wire\/two (equal )?hosts/,
		field: any,
		when: ({ b }) => b.status === 400,
		why: 'a request with two Host fields is refused (RFC 9112 section 3.2)'
	},
	{
		cases: /^(wire\/the preface of HTTP\/2|half\/the client finishes inside the head)$/,
		field: /^count$/,
		silent: true,
		why: 'where there is no request there is no answer: the connection just ends'
	},
	{
		cases: /^wire\/two equal content-lengths$/,
		field: any,
		when: ({ b }) => b.status === 200 && b.body.toString() === 'hello',
		why: 'a content-length that is repeated is the same length (RFC 9110 section 8.6)'
	},
	{
		cases: /^continue\/(GET without a body|a file)$/,
		field: /^interim$/,
		when: ({ subject }) => subject.length === 0,
		why: 'nobody is asked to continue where there is no body to send (RFC 9110 section 10.1.1)'
	},
	{
		cases: /^continue\/an unknown expectation/,
		field: any,
		when: ({ b }) => b.status === 200,
		why: 'an unknown expectation is ignored; to refuse it is optional (RFC 9110 section 10.1.1)'
	},
	{
		cases: /^wire\/101 headers$/,
		field: any,
		when: ({ b }) => b.status === 431,
		why: 'at most 100 headers'
	},
	{
		cases: /^wire\/20 kB of (headers|target)$/,
		field: any,
		when: ({ b }) => b.status === 200,
		why: 'up to 64 KiB of headers, where Node stops at 16'
	},
	{
		cases: /^method\/(lower case|unknown)$/,
		field: any,
		when: ({ b }) => b.status === 200,
		why: 'any token is a method, and a fallback handler may know it'
	},
	{
		cases: /^wire\/bare line feeds$/,
		field: any,
		when: ({ b }) => b.status === 200,
		why: 'a bare line feed ends a line, as RFC 9112 section 2.2 permits'
	},
	{
		cases: /^wire\/(two spaces in the line|HTTP\/2\.0 in the line|chunked in HTTP\/1\.0)$/,
		field: any,
		when: ({ b }) => b.status === 400,
		why: 'what is no HTTP/1.x message by the letter is refused'
	},
	{
		cases: /^(limit|prefix)/,
		field: /^(connection|persistent|count)$/,
		when: ({ field, reference, subject }) =>
			field === 'count'
				? reference === 2 && subject === 1
				: subject === 'closed' || subject === false,
		why: 'what is beyond the limit is not read, so the connection cannot go on'
	},
	{
		kits: [2],
		cases: any,
		field: framing,
		when: ({ a, b }) =>
			header(a, 'content-length') === undefined &&
			(b.framing === 'none' ? length(b) > 0 : length(b) === b.body.length),
		why: 'a body that is complete has a content-length, as with adapter-node 6'
	},
	{
		kits: [2],
		cases: files,
		field: /^header:(etag|last-modified|accept-ranges|vary|cache-control)$/,
		when: ({ a, b }) =>
			a.status === 416 || (Boolean(header(a, 'last-modified')) && !header(b, 'last-modified')),
		why: 'files have the headers of adapter-node 6: tags by content, and no times of the build'
	},
	{
		kits: [2],
		cases: files,
		field: /^header:content-type$/,
		when: ({ reference, subject }) => String(reference) === '' && subject.length === 0,
		why: 'a type that is not known is left out'
	},
	{
		kits: [2],
		cases: /^wire\/HTTP\/1\.0 keep-alive$/,
		field: /^(connection|persistent)$/,
		when: ({ b }) => b.framing === 'length',
		why: 'and with a content-length the connection can stay'
	},
	{
		kits: [2],
		cases: /^limit 0\//,
		field: /^(body|journal|header:content-length|header:etag)$/,
		when: ({ a, b }) => a.status === 413 && b.status === 413,
		why: 'the message on a limit of 0 has no hint at Infinity, as with adapter-node 6'
	},
	{
		kits: [2],
		cases: /^encoding\//,
		field: /^header:(content-encoding|content-length)$/,
		when: ({ a, b }) => header(a, 'content-encoding') !== header(b, 'content-encoding'),
		why: 'weights and names of encodings are honoured, as with adapter-node 6'
	},
	{
		kits: [2],
		cases: /^range\/large file: bytes=-10$/,
		field: /^(body|header:content-length|header:content-range)$/,
		when: ({ b }) => b.body.length === 10,
		why: 'the last ten bytes are the last ten bytes, as with adapter-node 6'
	}
];

/**
 * @param {Row} row
 * @param {string} name
 * @param {import('./compare.js').Difference} difference
 */
export function allows({ cases, field, when, silent }, name, difference) {
	if (!cases.test(name) || !field.test(difference.field)) return false;
	if (silent) return difference.field === 'count' && difference.subject === 0;
	// where one side sent no response at all there is nothing `when` could judge
	if (!difference.a || !difference.b) return false;
	return !when || when({ ...difference, a: difference.a, b: difference.b });
}
