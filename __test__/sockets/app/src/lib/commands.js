/** What a client can have the `message` hook do, by the `do` of its message. */
import process from 'node:process';
import { threadId } from 'node:worker_threads';
import { hub } from 'svelte-adapter-oxide/hub';

/** @typedef {import('svelte-adapter-oxide/hub').Peer} Peer */

/** @type {Record<string, (peer: Peer, message: any) => unknown>} */
export const commands = {
	count(peer) {
		peer.context.count = (peer.context.count ?? 0) + 1;
		peer.send({ type: 'count', data: { count: peer.context.count, thread: threadId } });
	},
	async later(peer) {
		const { context } = peer;
		await new Promise((resolve) => setTimeout(resolve, 50));
		context.count = (context.count ?? 0) + 1;
		peer.send({ type: 'count', data: { count: context.count, thread: threadId } });
	},
	thread: (peer) => void peer.send({ type: 'thread', data: threadId }),
	subscribe: (peer, { topic }) => void peer.send({ type: 'new', data: peer.subscribe(topic) }),
	unsubscribe: (peer, { topic }) => void peer.send({ type: 'had', data: peer.unsubscribe(topic) }),
	topics: (peer) => void peer.send({ type: 'topics', data: [...peer.topics].sort() }),
	publish: (peer, { topic, data }) =>
		void peer.send({ type: 'published', data: peer.publish(topic, data) }),
	async ask(peer, { data, timeout }) {
		try {
			const reply = await hub.request(peer.id, data, { timeout });
			peer.send({ type: 'reply', data: reply });
		} catch (error) {
			const { code, message } = /** @type {any} */ (error);
			peer.send({ type: 'no reply', data: { code, message } });
		}
	},
	askMuch: (peer, { length }) => commands.ask(peer, { data: 'x'.repeat(length) }),
	close: (peer, { code, reason }) => void peer.close(code, reason),
	throw() {
		throw new Error('the message hook throws on purpose');
	},
	async reject() {
		throw new Error('the message hook rejects on purpose');
	},
	never: () => new Promise(() => {}),
	unclonable(peer) {
		peer.context.unclonable = () => {};
	},
	print: (_peer, { text }) => console.log(text),
	exit: () => process.exit(1)
};
