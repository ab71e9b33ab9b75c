/**
 * Reads HTTP/1.x responses out of raw bytes and keeps what a client library would hide:
 * the status line, every header line in its order and spelling, the framing, trailers,
 * and whether the message was complete. RFC 9112.
 */

/**
 * @typedef {{
 *   version: string,
 *   status: number,
 *   reason: string,
 *   headers: Array<[string, string]>,
 *   interim: Array<{ status: number, headers: Array<[string, string]> }>,
 *   body: Buffer,
 *   framing: 'none' | 'length' | 'chunked' | 'close',
 *   trailers: Array<[string, string]>,
 *   complete: boolean
 * }} WireResponse
 */

/** What stands in the bytes is no HTTP response */
export class MalformedResponse extends Error {
	/** @param {string} what @param {Buffer} bytes */
	constructor(what, bytes) {
		super(`${what}: ${JSON.stringify(bytes.subarray(0, 200).toString('latin1'))}`);
		this.name = 'MalformedResponse';
	}
}

/**
 * @param {WireResponse | { headers: Array<[string, string]> }} response
 * @param {string} name lower case
 * @returns {string[]}
 */
export function values(response, name) {
	return response.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/**
 * @param {WireResponse} response
 * @param {string} name
 */
export function header(response, name) {
	const found = values(response, name);
	return found.length ? found.join(', ') : undefined;
}

/** @param {string[]} lines @returns {Array<[string, string]>} */
function parse_fields(lines) {
	return lines.map((line) => {
		const colon = line.indexOf(':');
		if (colon < 1) throw new MalformedResponse('bad field line', Buffer.from(line, 'latin1'));
		return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
	});
}

/**
 * @param {Buffer} bytes
 * @returns {{ status_line: RegExpExecArray, headers: Array<[string, string]>, length: number } | null}
 *   null while the head is still incomplete
 */
function parse_head(bytes) {
	const end = bytes.indexOf('\r\n\r\n');
	if (end === -1) {
		if (bytes.length > 1_000_000) throw new MalformedResponse('endless head', bytes);
		return null;
	}
	const [first, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
	const status_line = /^HTTP\/(1\.[01]) (\d{3}) ?([^\r\n]*)$/.exec(first);
	if (!status_line) throw new MalformedResponse('bad status line', bytes);
	return { status_line, headers: parse_fields(lines), length: end + 4 };
}

/**
 * @param {Buffer} bytes starting at the first chunk
 * @returns {{ parts: Buffer[], trailers: Array<[string, string]>, length: number, complete: boolean }}
 */
function parse_chunks(bytes) {
	/** @type {Buffer[]} */
	const parts = [];
	let at = 0;

	for (;;) {
		const line_end = bytes.indexOf('\r\n', at);
		if (line_end === -1) return { parts, trailers: [], length: bytes.length, complete: false };

		const match = /^([0-9a-fA-F]+)(;.*)?$/.exec(bytes.toString('latin1', at, line_end));
		if (!match) throw new MalformedResponse('bad chunk size', bytes.subarray(at));
		const size = parseInt(match[1], 16);
		const start = line_end + 2;

		if (size === 0) {
			if (bytes.toString('latin1', start, start + 2) === '\r\n') {
				return { parts, trailers: [], length: start + 2, complete: true };
			}
			const end = bytes.indexOf('\r\n\r\n', start);
			if (end === -1) return { parts, trailers: [], length: bytes.length, complete: false };
			const trailers = parse_fields(bytes.toString('latin1', start, end).split('\r\n'));
			return { parts, trailers, length: end + 4, complete: true };
		}

		parts.push(bytes.subarray(start, Math.min(start + size, bytes.length)));
		at = start + size + 2;
		if (at > bytes.length) return { parts, trailers: [], length: bytes.length, complete: false };
		if (bytes.toString('latin1', at - 2, at) !== '\r\n') {
			throw new MalformedResponse('chunk without an end', bytes.subarray(start));
		}
	}
}

/**
 * Takes one response off the front of `bytes`
 * @param {Buffer} bytes
 * @param {string} method of the request that is being answered
 * @param {boolean} ended whether more bytes may follow
 * @returns {{ response: WireResponse, length: number } | null} null while more bytes are needed
 */
export function parse_response(bytes, method, ended) {
	/** @type {WireResponse['interim']} */
	const interim = [];
	let offset = 0;
	let head = parse_head(bytes);

	while (head && head.status_line[2].startsWith('1')) {
		interim.push({ status: Number(head.status_line[2]), headers: head.headers });
		offset += head.length;
		head = parse_head(bytes.subarray(offset));
	}
	if (!head) return null;

	const start = offset + head.length;
	/** @type {WireResponse} */
	const response = {
		version: head.status_line[1],
		status: Number(head.status_line[2]),
		reason: head.status_line[3],
		headers: head.headers,
		interim,
		body: Buffer.alloc(0),
		framing: 'none',
		trailers: [],
		complete: true
	};

	// RFC 9112 section 6.3: the order in which framing is decided
	if (method === 'HEAD' || response.status === 204 || response.status === 304) {
		return { response, length: start };
	}

	if (header(response, 'transfer-encoding')?.toLowerCase().endsWith('chunked')) {
		const chunks = parse_chunks(bytes.subarray(start));
		if (!chunks.complete && !ended) return null;
		response.framing = 'chunked';
		response.body = Buffer.concat(chunks.parts);
		response.trailers = chunks.trailers;
		response.complete = chunks.complete;
		return { response, length: start + chunks.length };
	}

	const length = header(response, 'content-length');
	if (length !== undefined) {
		if (!/^\d+$/.test(length)) throw new MalformedResponse('bad content-length', bytes);
		const end = start + Number(length);
		if (bytes.length < end && !ended) return null;
		response.framing = 'length';
		response.body = bytes.subarray(start, end);
		response.complete = bytes.length >= end;
		return { response, length: Math.min(end, bytes.length) };
	}

	if (!ended) return null;
	response.framing = 'close';
	response.body = bytes.subarray(start);
	return { response, length: bytes.length };
}
