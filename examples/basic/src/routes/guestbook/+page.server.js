import { fail } from '@sveltejs/kit';

/**
 * In memory, so the guests are forgotten when the server ends; a real app would ask a database.
 * @type {Array<{ name: string, message: string }>}
 */
const entries = [];

const KEPT = 20;

/** @type {import('./$types').PageServerLoad} */
export function load() {
	return { entries };
}

/** @satisfies {import('./$types').Actions} */
export const actions = {
	default: async ({ request }) => {
		const form = await request.formData();
		const name = String(form.get('name') ?? '').trim();
		const message = String(form.get('message') ?? '').trim();

		if (!name) return fail(400, { name, message, problem: 'Please tell your name.' });

		entries.unshift({ name, message });
		entries.splice(KEPT);
		return { thanks: name };
	}
};
