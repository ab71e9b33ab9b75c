export function GET() {
	return Response.json({ from: 'the endpoint' }, { headers: { vary: 'x-custom' } });
}

export function PUT() {
	return Response.json({ put: true });
}
