/**
 * Keeps the thread busy for so many milliseconds
 * @type {import('@sveltejs/kit').RequestHandler}
 */
export function GET({ url }) {
	const end = performance.now() + Number(url.searchParams.get('ms'));
	let turns = 0;
	while (performance.now() < end) turns += 1;
	return Response.json({ turns, over: Date.now() });
}
