/** What `npm run bench:ws` talks to: `s` subscribes, anything else goes to the subscribers. */
import { hub } from 'svelte-adapter-oxide/hub';

/**
 * @param {import('svelte-adapter-oxide').Peer} peer
 * @param {import('svelte-adapter-oxide').Message} message
 */
export function message(peer, message) {
	const text = message.text();
	if (text === 's') peer.subscribe('bench');
	else hub.publish('bench', text);
}
