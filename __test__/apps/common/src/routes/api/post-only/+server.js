export function POST() {
	return new Response('post only');
}
