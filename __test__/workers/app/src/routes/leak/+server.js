/** @type {unknown[]} */
const kept = [];

/**
 * Keeps a MiB of the heap for good, up to as many as asked for
 * @type {import('@sveltejs/kit').RequestHandler}
 */
export function GET({ url }) {
	const most = Number(url.searchParams.get('most'));
	if (kept.length < most) kept.push(Array.from({ length: 2 ** 17 }, Math.random));
	return Response.json({ kept: kept.length });
}
