import { fail, redirect } from '@sveltejs/kit';
import { is_room } from '#lib/rooms.js';
import { remember_visitor, visitor_of } from '#lib/server/visitor.js';

/** @type {import('./$types').PageServerLoad} */
export function load({ cookies, url }) {
	return {
		name: visitor_of(cookies)?.name ?? '',
		room: url.searchParams.get('room') ?? 'lobby'
	};
}

/** @satisfies {import('./$types').Actions} */
export const actions = {
	default: async ({ request, cookies, url }) => {
		const form = await request.formData();
		const name = String(form.get('name') ?? '').trim();
		const room = String(form.get('room') ?? '').trim();

		if (!name || name.length > 32) {
			return fail(400, { name, room, problem: 'Please tell your name, in 32 letters.' });
		}
		if (!is_room(room)) {
			return fail(400, { name, room, problem: 'Rooms have small letters, digits and hyphens.' });
		}

		remember_visitor(cookies, url, name);
		redirect(303, `/${room}`);
	}
};
