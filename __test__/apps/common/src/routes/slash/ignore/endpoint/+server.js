export const trailingSlash = 'ignore';

export function GET({ url }) {
	return new Response(url.href);
}
