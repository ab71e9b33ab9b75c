import { redirect } from '@sveltejs/kit';

export function load({ url }) {
	redirect(Number(url.searchParams.get('status') ?? 307), '/?from=redirect');
}
