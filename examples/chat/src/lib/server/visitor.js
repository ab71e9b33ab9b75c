/**
 * Who somebody is: two cookies, one that only the server reads, and the name. There is no
 * password here; a real app asks its session.
 */

/**
 * @param {Pick<import('@sveltejs/kit').Cookies, 'get'>} cookies
 * @returns {{ id: string, name: string } | undefined}
 */
export function visitor_of(cookies) {
	const id = cookies.get('visitor');
	const name = cookies.get('name');
	return id && name ? { id, name } : undefined;
}

/**
 * @param {import('@sveltejs/kit').Cookies} cookies
 * @param {URL} url
 * @param {string} name
 */
export function remember_visitor(cookies, url, name) {
	// one that is only sent over https would be lost on http://localhost
	const options = { path: '/', secure: url.protocol === 'https:', maxAge: 30 * 24 * 60 * 60 };
	cookies.set('visitor', cookies.get('visitor') ?? crypto.randomUUID(), options);
	cookies.set('name', name, options);
}
