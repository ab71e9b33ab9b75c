import { opened } from '../../../shared/record.js';

export function load({ url }) {
	const key = url.searchParams.get('gate');
	return {
		now: 'at once',
		later: key ? opened(key).then(() => 'later') : Promise.resolve('later')
	};
}
