import { setTimeout as wait } from 'node:timers/promises';

/** @type {import('./$types').PageServerLoad} */
export function load() {
	return {
		now: 'This was there at once.',
		// Not awaited: the page is sent without it, and it follows in the same response.
		later: wait(1000, 'This came a second later.')
	};
}
