export const prerender = true;

export function GET() {
	return new Response(`<feed>${'<entry/>'.repeat(300)}</feed>`, {
		headers: { 'content-type': 'application/xml' }
	});
}
