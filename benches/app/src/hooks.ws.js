/** What `npm run bench:ws` talks to: `s` subscribes, anything else goes to the subscribers. */

/**
 * @param {import('svelte-adapter-oxide/hub').Peer} peer
 * @param {import('svelte-adapter-oxide/hub').Message} message
 */
export function message(peer, message) {
	const text = message.text();
	if (text === 's') peer.subscribe('bench');
	else peer.publish('bench', text);
}
