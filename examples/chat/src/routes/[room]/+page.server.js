import { error, fail, redirect } from '@sveltejs/kit';
import { hub } from 'svelte-adapter-oxide/hub';
import { is_room, topic_of } from '#lib/rooms.js';
import { messages_of, remember } from '#lib/server/history.js';
import { visitor_of } from '#lib/server/visitor.js';

/** @type {import('./$types').PageServerLoad} */
export function load({ params, cookies, depends }) {
	if (!is_room(params.room)) error(404, 'There is no such room');
	const visitor = visitor_of(cookies);
	if (!visitor) redirect(303, `/?room=${params.room}`);

	depends('chat:history');
	// first where the room is, then what was said up to there: the page goes on from it
	const since = hub.position(topic_of(params.room));
	return { room: params.room, name: visitor.name, since, messages: messages_of(params.room) };
}

/** @satisfies {import('./$types').Actions} */
export const actions = {
	default: async ({ request, params, cookies }) => {
		const visitor = visitor_of(cookies);
		if (!visitor || !is_room(params.room)) error(403, 'Enter a room first');
		const text = String((await request.formData()).get('text') ?? '').trim();
		if (!text || text.length > 1000) return fail(400, { text, problem: 'Say 1 to 1000 letters.' });

		hub.publish(topic_of(params.room), remember(params.room, visitor.name, text));
	}
};
