export async function load({ data, fetch }) {
	const response = await fetch('/api/respond/json');
	return { ...data, universal: await response.json() };
}
