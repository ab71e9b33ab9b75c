export const prerender = true;

export function entries() {
	return [{ slug: 'plain' }, { slug: 'with space' }, { slug: 'é' }];
}
