import { error, fail, redirect } from '@sveltejs/kit';

/** @param {Request} request */
async function read(request) {
	const form = await request.formData();
	return Object.fromEntries(form);
}

export const actions = {
	save: async ({ request }) => ({ saved: await read(request) }),
	unread: () => ({ saved: 'without reading' }),
	invalid: async ({ request }) => fail(422, { saved: await read(request), missing: true }),
	move: () => redirect(303, '/form?moved'),
	refuse: () => error(403, 'refused by the action'),
	boom: () => {
		throw new Error('boom in the action');
	},
	cookie: ({ cookies }) => {
		cookies.set('from-action', 'yes', { path: '/' });
		return { saved: 'cookie' };
	},
	upload: async ({ request }) => {
		const form = await request.formData();
		const files = [];
		for (const [field, value] of form) {
			if (typeof value === 'string') files.push(`${field}: ${value}`);
			else files.push(`${field}: ${value.name} ${value.type} ${value.size} ${await sum(value)}`);
		}
		return { saved: files };
	}
};

/** @param {File} file */
async function sum(file) {
	let total = 0;
	for (const byte of new Uint8Array(await file.arrayBuffer())) total = (total * 31 + byte) >>> 0;
	return total;
}
