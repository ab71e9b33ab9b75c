export function GET() {
	return new Response('get only');
}
