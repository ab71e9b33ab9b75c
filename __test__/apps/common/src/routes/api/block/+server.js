/**
 * Keeps the thread busy, as a bug or a heavy computation would
 * @type {import('@sveltejs/kit').RequestHandler}
 */
export function GET({ url }) {
	const until = Date.now() + Number(url.searchParams.get('ms') ?? 100);
	console.log('blocking');
	while (Date.now() < until);
	return new Response('done');
}
