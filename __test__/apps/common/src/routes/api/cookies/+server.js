/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET({ cookies }) {
	cookies.set('a', '1', { path: '/' });
	cookies.set('b', 'two words; and more', { path: '/', httpOnly: false, sameSite: 'strict' });
	cookies.set('c', 'expires', { path: '/api', expires: new Date(0) });
	return Response.json(cookies.getAll());
}
