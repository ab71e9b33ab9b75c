/**
 * The JS half of `tests/wire_format.rs`: reads request records from stdin with the worker's
 * own code and answers each with a reply record that repeats everything it has read.
 */
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import {
	BODY_NONE,
	REPLY_HEAD,
	REPLY_NULL,
	REPLY_WHOLE,
	read_request,
	write_reply_head
} from '../../runtime/wire.js';

// not `readFileSync(0)`, which fails on a pipe whose writer is slow
const input = await buffer(process.stdin);
const output = Buffer.alloc(input.length * 2 + 4096);
let end = 0;

for (let at = 0; at < input.length; at += input.readUInt32LE(at)) {
	const record = read_request(input, at);
	const { method, origin, target, address, headers, port, route, canonical, http10 } = record;
	const read = { method, origin, target, address, port, route, canonical, http10 };
	const fields = { ...read, body_mode: record.body_mode, content_length: record.content_length };
	const lines = Object.entries(fields).map(([name, value]) => `x-${name}\n${value}\n`);

	const size = output.latin1Write(lines.join('') + headers, end + REPLY_HEAD);
	const body = record.body ?? new Uint8Array();
	output.set(body, end + REPLY_HEAD + size);
	const mode = record.body_mode === BODY_NONE ? REPLY_NULL : REPLY_WHOLE;
	end = write_reply_head(output, end, record, mode, 200 + (port % 300), size, body.byteLength);
}

process.stdout.write(output.subarray(0, end));
