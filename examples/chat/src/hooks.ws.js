/** Who may have a socket, which topics one may have, and what is said over it. */
import { is_room, room_of } from '#lib/rooms.js';
import { visitor_of } from '#lib/server/visitor.js';

/** @type {import('svelte-adapter-oxide/hub').HooksWs['upgrade']} */
export function upgrade(_request, { cookies }) {
	const visitor = visitor_of(cookies);
	if (!visitor) return new Response('Choose a name first.', { status: 401 });
	const { id, name } = visitor;
	// who is here is counted by `id`, over all tabs; others see `info`
	return { user: { id, info: { name } }, context: { name } };
}

/** @type {import('svelte-adapter-oxide/hub').HooksWs['subscribe']} */
export function subscribe(_peer, topic) {
	return is_room(room_of(topic));
}

/** Somebody is writing. @type {import('svelte-adapter-oxide/hub').HooksWs['message']} */
export function message(peer, message) {
	const { type, topic } = /** @type {any} */ (message.json());
	if (type === 'typing' && peer.topics.has(topic)) {
		peer.publish(topic, { name: peer.context.name }, { type: 'typing' });
	}
}
