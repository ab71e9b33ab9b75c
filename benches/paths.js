/**
 * What the bench asks for: one path for each kind of work a server does, with the request that
 * is sent and what the answer must look like.
 */

/**
 * @typedef {object} BenchPath
 * @property {string} name as `--paths` takes it
 * @property {string} title
 * @property {string} path
 * @property {Record<string, string>} [headers] of the request
 * @property {string} [body] sent with POST
 * @property {boolean} [file] a file of the build: nginx can serve it too
 * @property {boolean} [page] HTML that differs between versions of SvelteKit
 * @property {boolean} [kit] also asked of SvelteKit alone, without a server
 * @property {RegExp} [encoding] what the answer's `content-encoding` must match
 * @property {RegExp} type what the content type must look like
 * @property {[least: number, most: number]} size bytes the decoded body must lie between
 */

/** A document of 1 KB as a client would send it. */
const NOTE = JSON.stringify({
	title: 'A note of about one kilobyte',
	tags: ['bench', 'echo', 'json'],
	lines: Array.from({ length: 16 }, (_, index) => ({
		number: index + 1,
		text: `line ${index + 1} of the note, some words long`
	}))
});

const FORM = new URLSearchParams([
	['name', 'Ada Lovelace'],
	['topic', 'engines'],
	['topic', 'poetry & science'],
	['message', 'Please send the plans of the engine. '.repeat(6)]
]).toString();

/** @type {BenchPath[]} */
export const PATHS = [
	{
		name: 'ssr',
		title: 'SSR 6.5 KB',
		path: '/',
		page: true,
		kit: true,
		type: /^text\/html/,
		size: [5700, 7200]
	},
	{
		name: 'load',
		title: 'SSR + load 9 KB',
		path: '/load',
		page: true,
		kit: true,
		type: /^text\/html/,
		size: [8300, 9800]
	},
	{
		name: 'json',
		title: 'JSON',
		path: '/json?q=bench',
		kit: true,
		type: /^application\/json/,
		size: [100, 300]
	},
	{
		name: 'echo',
		title: 'POST JSON 1 KB',
		path: '/echo/json',
		headers: { 'content-type': 'application/json' },
		body: NOTE,
		kit: true,
		type: /^application\/json/,
		size: [900, 1100]
	},
	{
		name: 'action',
		title: 'form action',
		path: '/action',
		headers: {
			accept: 'application/json',
			'content-type': 'application/x-www-form-urlencoded',
			'x-sveltekit-action': 'true'
		},
		body: FORM,
		kit: true,
		type: /^application\/json/,
		size: [60, 300]
	},
	{
		name: 'stream',
		title: 'stream, 100 chunks',
		path: '/stream?chunks=100',
		type: /^text\/plain/,
		size: [9700, 9700]
	},
	{
		name: 'turns',
		title: 'stream, a chunk a turn',
		path: '/stream?chunks=100&wait=turn',
		type: /^text\/plain/,
		size: [9700, 9700]
	},
	{
		name: 'prerendered',
		title: 'prerendered 5 KB',
		path: '/prerendered',
		file: true,
		page: true,
		type: /^text\/html/,
		size: [3000, 8000]
	},
	{
		name: 'static',
		title: 'static 8 KB',
		path: '/grid.css',
		file: true,
		type: /^text\/css/,
		size: [8000, 8600]
	},
	{
		name: 'compressed',
		title: 'static 8 KB, compressed',
		path: '/grid.css',
		headers: { 'accept-encoding': 'br, gzip' },
		file: true,
		encoding: /^(br|gzip)$/,
		type: /^text\/css/,
		size: [8000, 8600]
	},
	{
		name: 'large',
		title: 'static 128 KiB',
		path: '/large.js',
		file: true,
		type: /^(text|application)\/javascript/,
		size: [131_072, 131_072]
	}
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

/**
 * The request of a path as every client of the bench sends it. A form must come from the
 * app's own origin; without other directions a server takes itself to be behind https.
 * @param {BenchPath} path
 * @param {string} host
 */
export function request_of({ path, headers, body }, host) {
	return {
		path,
		method: body === undefined ? 'GET' : 'POST',
		headers: { ...headers, ...(body !== undefined && { origin: `https://${host}` }) },
		body
	};
}
