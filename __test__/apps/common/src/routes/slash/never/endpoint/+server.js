export const trailingSlash = 'never';

export function GET({ url }) {
	return new Response(url.href);
}
