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

/** What comes back as it is, or is the exchange's name. */
const NOT_REPEATED = ['slot', 'generation', 'headers', 'body'];

// not `readFileSync(0)`, which fails on a pipe whose writer is slow
const input = await buffer(process.stdin);
const output = Buffer.alloc(input.length * 2 + 4096);
let end = 0;

for (let at = 0; at < input.length; at += input.readUInt32LE(at)) {
	const record = read_request(input, at);
	const fields = Object.entries(record).filter(([name]) => !NOT_REPEATED.includes(name));
	const lines = fields.map(([name, value]) => `x-${name}\n${value}\n`);

	const size = output.latin1Write(lines.join('') + record.headers, end + REPLY_HEAD);
	const body = record.body ?? new Uint8Array();
	output.set(body, end + REPLY_HEAD + size);
	const mode = record.body_mode === BODY_NONE ? REPLY_NULL : REPLY_WHOLE;
	end = write_reply_head(
		output,
		end,
		record,
		mode,
		200 + (record.port % 300),
		size,
		body.byteLength
	);
}

process.stdout.write(output.subarray(0, end));
