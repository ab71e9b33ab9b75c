export function load() {
	throw new Error('boom in load');
}
