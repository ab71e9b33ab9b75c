import { json } from '@sveltejs/kit';

/** @type {import('./$types').RequestHandler} */
export function GET({ url }) {
	return json({
		query: url.searchParams.get('q'),
		total: 3,
		items: [
			{ id: 1, name: 'one', done: false },
			{ id: 2, name: 'two', done: true },
			{ id: 3, name: 'three', done: false }
		]
	});
}
