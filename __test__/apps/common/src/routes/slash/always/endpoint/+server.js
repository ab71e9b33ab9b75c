export const trailingSlash = 'always';

export function GET({ url }) {
	return new Response(url.href);
}
