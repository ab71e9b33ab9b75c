/**
 * The JS half of `tests/wire_peers.rs`: reads records of peers from stdin with the worker's own
 * code and writes what it has read, one line of JSON for each; bytes are hexadecimal.
 */
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import {
	KIND_PEER_CLOSE,
	KIND_PEER_DRAIN,
	KIND_PEER_MESSAGE,
	KIND_PEER_OPEN,
	KIND_PEER_REPLY,
	KIND_PEER_REQUEST,
	KIND_PEER_SUBSCRIBE,
	read_peer_close,
	read_peer_message,
	read_peer_reply,
	read_peer_request,
	read_peer_subscribe,
	read_peer_token
} from '../../runtime/wire.js';

/**
 * @param {Buffer} input
 * @param {number} at
 */
const token_alone = (input, at) => ({ token: read_peer_token(input, at) });

/** @type {Record<number, (buffer: Buffer, at: number) => object>} */
const readers = {
	[KIND_PEER_OPEN]: token_alone,
	[KIND_PEER_DRAIN]: token_alone,
	[KIND_PEER_MESSAGE]: read_peer_message,
	[KIND_PEER_CLOSE]: read_peer_close,
	[KIND_PEER_SUBSCRIBE]: read_peer_subscribe,
	[KIND_PEER_REQUEST]: read_peer_request,
	[KIND_PEER_REPLY]: read_peer_reply
};

/**
 * @param {string} _name
 * @param {unknown} value
 */
const hexadecimal = (_name, value) =>
	value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;

const input = await buffer(process.stdin);
const lines = [];
for (let at = 0; at < input.length; at += input.readUInt32LE(at)) {
	const kind = input[at + 4];
	const peer = { slot: input.readUInt32LE(at + 8), generation: input.readUInt32LE(at + 12) };
	const read = readers[kind](input, at);
	lines.push(JSON.stringify({ kind, ...peer, ...read }, hexadecimal));
}
process.stdout.write(lines.join('\n'));
