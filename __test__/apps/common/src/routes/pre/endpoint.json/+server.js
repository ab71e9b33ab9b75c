export const prerender = true;

export function GET() {
	return Response.json({ prerendered: true, list: Array.from({ length: 200 }, (_, i) => i) });
}
