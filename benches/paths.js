/** What the A/B bench asks for: one path for each kind of work a server does. */

/**
 * @typedef {object} BenchPath
 * @property {string} name as `--paths` takes it
 * @property {string} title
 * @property {string} path
 * @property {RegExp} type what the content type must look like
 * @property {[least: number, most: number]} size bytes the body must lie between
 */

/** @type {BenchPath[]} */
export const PATHS = [
	{ name: 'ssr', title: 'SSR 6.5 KB', path: '/', type: /^text\/html/, size: [6000, 7200] },
	{
		name: 'load',
		title: 'SSR + load 9 KB',
		path: '/load',
		type: /^text\/html/,
		size: [8500, 9800]
	},
	{
		name: 'json',
		title: 'JSON',
		path: '/json?q=bench',
		type: /^application\/json/,
		size: [100, 300]
	},
	{
		name: 'prerendered',
		title: 'prerendered',
		path: '/prerendered',
		type: /^text\/html/,
		size: [3000, 8000]
	},
	{ name: 'static', title: 'static', path: '/grid.css', type: /^text\/css/, size: [8000, 8600] }
];

/**
 * @param {string | undefined} names comma-separated, all of them by default
 */
export function choose(names) {
	if (names === undefined) return PATHS;
	return names.split(',').map((name) => {
		const found = PATHS.find((each) => each.name === name.trim());
		if (found) return found;
		const known = PATHS.map((each) => each.name).join(', ');
		throw new Error(`No path ${name}. Paths: ${known}`);
	});
}
