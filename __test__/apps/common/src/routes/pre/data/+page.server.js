export const prerender = true;

export function load() {
	return { list: Array.from({ length: 50 }, (_, i) => `item ${i}`) };
}
