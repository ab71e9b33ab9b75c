import { fail } from '@sveltejs/kit';

/** @type {import('./$types').Actions} */
export const actions = {
	async default({ request }) {
		const form = await request.formData();
		const name = form.get('name');
		if (!name) return fail(400, { missing: 'name' });
		return { name, topics: form.getAll('topic'), length: String(form.get('message')).length };
	}
};
