export function load() {
	const later = new Promise((_, reject) => setTimeout(() => reject(new Error('too late')), 1));
	later.catch(() => {});
	return { later };
}
