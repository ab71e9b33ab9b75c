/** @type {import('./$types').PageServerLoad} */
export function load({ url, setHeaders }) {
	setHeaders({ 'cache-control': 'private, max-age=0' });
	const page = Number(url.searchParams.get('page') ?? 1);
	return {
		page,
		items: Array.from({ length: 35 }, (_, index) => ({
			sku: `SKU-${String(page * 1000 + index).padStart(6, '0')}`,
			name: `Item ${index + 1}`,
			price: 199 + index * 25,
			stock: (index * 7) % 40,
			added: new Date(Date.UTC(2026, 0, 1 + index))
		}))
	};
}
