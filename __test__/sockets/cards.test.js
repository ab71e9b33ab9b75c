/** What is kept of a peer, without a server: its card, and its place among those a worker knows. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
	Card,
	kept_headers,
	write_card,
	write_context,
	write_head
} from '../../runtime/sockets/card.js';
import { Slots } from '../../runtime/sockets/members.js';

describe('cards', () => {
	const head = {
		pattern: '/rooms/[room]',
		params: { room: 'ü' },
		origin: 'https://example.test',
		target: '/rooms/%C3%BC?a',
		canonical: true,
		address: '192.0.2.1',
		headers: 'host\nexample.test\n',
		user: { id: 'ann', info: { name: 'Ann' } },
		transport: /** @type {const} */ ('websocket')
	};

	/** @param {Record<string, unknown>} context */
	const card = (context) => write_card(write_head(head), write_context(context));

	test('they say what was written, at any place in memory', () => {
		const bytes = card({ since: new Date(5), tags: new Set(['a']) });
		const shifted = new Uint8Array(bytes.length + 3);
		shifted.set(bytes, 3);
		const read = new Card(shifted.subarray(3));
		assert.deepEqual(read.head, head);
		assert.deepEqual(read.context, { since: new Date(5), tags: new Set(['a']) });
	});

	test('they say whether it is a stream', () => {
		const stream = { ...head, transport: /** @type {const} */ ('sse') };
		const bytes = write_card(write_head(stream), write_context({}));
		assert.deepEqual(new Card(bytes).head, stream);
	});

	test('a card is kept again once its context is another, and only then', () => {
		const read = new Card(card({ count: 1 }));
		assert.equal(read.changed(), null);
		assert.equal(read.context.count, 1);
		assert.equal(read.changed(), null, 'it was only looked at');
		read.context.count = 2;
		const changed = read.changed();
		assert.ok(changed);
		assert.deepEqual(new Card(changed).context, { count: 2 });
		assert.deepEqual(new Card(changed).head, head);
		assert.equal(read.changed(), null);
		delete read.context.count;
		assert.deepEqual(new Card(/** @type {Uint8Array} */ (read.changed())).context, {});
	});

	test('the bytes of a card are had from where they are kept, until it is kept no more', () => {
		let bytes = /** @type {Uint8Array | null} */ (card({ count: 1 }));
		let asked = 0;
		const read_card = () => {
			asked += 1;
			return bytes;
		};
		const read = new Card(null, { read_card });
		assert.deepEqual([read.head, read.head, asked], [head, head, 1]);
		read.context.count = 2;
		const changed = /** @type {Uint8Array} */ (read.changed());
		assert.deepEqual(new Card(changed).context, { count: 2 });
		assert.deepEqual(new Card(changed).head, head);
		assert.deepEqual([read.context.count, asked], [2, 2]);

		const late = new Card(null, { read_card });
		late.keep(changed);
		bytes = null;
		assert.deepEqual([late.head, late.context], [head, { count: 2 }]);
		assert.equal(new Card(null, { read_card }).head.user, null, 'nothing is known any more');
	});

	test('what a hook changes while another of the peer ends is kept as well', () => {
		const read = new Card(card({ count: 1 }));
		const { context } = read;
		assert.equal(read.changed(true), null);
		context.count = 2;
		assert.deepEqual(new Card(/** @type {Uint8Array} */ (read.changed())).context, { count: 2 });
	});

	test('an empty context takes no bytes', () => {
		assert.equal(card({}).length, 4 + write_head(head).length);
	});

	test('what cannot be cloned, or is too large, cannot be kept', () => {
		const read = new Card(card({}));
		read.context.call = () => {};
		assert.throws(() => read.changed(), /could not be cloned/);
		delete read.context.call;
		read.context.text = 'x'.repeat(65 * 1024);
		assert.throws(() => read.changed(), /at most 65536 bytes/);
		assert.equal(read.changed(), null, 'it is not told twice');
	});

	test('of the headers, those of the handshake alone are not kept', () => {
		const lines = 'host\na\nsec-websocket-key\nb\ncookie\nupgrade\nconnection\nc\n';
		assert.equal(kept_headers(lines), 'host\na\ncookie\nupgrade\n');
	});
});

describe('members', () => {
	test('the end of a slot’s peer before takes nothing from the peer that has it now', () => {
		/** @typedef {{ slot: number, generation: number, next: Some | undefined }} Some */
		/** @type {Slots<Some>} */
		const slots = new Slots();
		const [first, second, third] = [1, 2, 3].map((generation) => {
			/** @type {Some} */
			const member = { slot: 7, generation, next: undefined };
			return member;
		});
		for (const member of [second, first, third]) slots.add(member);
		for (const member of [first, second, third]) {
			assert.equal(slots.find(7, member.generation), member);
		}
		assert.equal(slots.find(7, 4), undefined);
		assert.equal(slots.find(8, 1), undefined);
		slots.remove(first);
		slots.remove(first);
		assert.equal(slots.find(7, 1), undefined);
		assert.equal(slots.find(7, 2), second);
		slots.remove(third);
		assert.equal(slots.find(7, 2), second);
		slots.remove(second);
		assert.equal(slots.find(7, 2), undefined);
	});
});
