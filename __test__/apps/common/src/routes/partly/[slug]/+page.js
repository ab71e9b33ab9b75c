export const prerender = 'auto';

export function entries() {
	return [{ slug: 'before' }];
}
