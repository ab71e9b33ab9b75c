/** Files of the build: what is served, under which names, with which headers. */
import { define, get, request } from '../case.js';

/** adapter-node 5 serves files by another library, which reads paths and methods otherwise */
const only_6 = { kits: /** @type {Array<2 | 3>} */ ([3]) };

/** Every header matters here, so the encodings are asked for one by one elsewhere */
/** @type {Array<[string, number, string, { kits: Array<2 | 3> }?]>} */
const plain_files = [
	['text', 200, '/plain.txt'],
	['tiny', 200, '/tiny.txt'],
	['empty', 200, '/empty.txt'],
	['json', 200, '/data.json'],
	['javascript', 200, '/script.js'],
	['stylesheet', 200, '/style.css'],
	['svg', 200, '/image.svg'],
	['png', 200, '/picture.png'],
	['larger than what stays in memory', 200, '/large.bin'],
	['large text', 200, '/large.txt'],
	['without an extension', 200, '/no-extension'],
	['unknown extension', 200, '/odd.unknownext'],
	['upper-case extension', 200, '/UPPER.TXT'],
	['wasm', 200, '/module.wasm'],
	['two extensions', 200, '/archive.tar.gz', only_6],
	['robots', 200, '/robots.txt'],
	['named like a variant of nothing', 200, '/lonely.txt.br', only_6],
	['well-known', 200, '/.well-known/security.txt'],
	['dotfile below well-known', 200, '/.well-known/.hidden'],
	['nested', 200, '/folder/deep/file.txt'],
	['a file that shadows a route', 200, '/params/asset'],
	['with a query', 200, '/plain.txt?a=b&c'],
	['with an empty query', 200, '/plain.txt?'],
	['with a question mark in the query', 200, '/plain.txt?a?b'],
	['with an encoded letter', 200, '/pl%61in.txt'],
	['space', 200, '/with%20space.txt'],
	['plus is no space', 404, '/with+space.txt'],
	['unicode, encoded', 200, '/%C3%BCn%C3%AFcode%20%E2%98%83.txt'],
	['unicode, lower-case escapes', 200, '/%c3%bcn%c3%afcode%20%e2%98%83.txt'],
	['encoded slash in the name', 200, '/encoded%2Fslash.txt'],
	['encoded slash in the name, lower case', 404, '/encoded%2fslash.txt'],
	['encoded slash in the name, encoded twice', 404, '/encoded%252Fslash.txt', only_6],
	['an encoded slash is no slash', 404, '/folder%2Finner.html'],
	['percent in the name', 200, '/percent%25.txt', only_6],
	['backslash in the name', 200, '/back%5Cslash.txt', only_6],
	['lone percent in the name', 200, '/lone%.txt'],
	['lone percent in the name, encoded', 404, '/lone%25.txt', only_6],
	['punctuation, bare', 200, "/quote'(1)[2]+&=~!$,;@.txt"],
	['punctuation, encoded', 404, '/quote%27%281%29%5B2%5D%2B%26%3D%7E%21%24%2C%3B%40.txt'],
	['question mark in the name', 404, '/question%3F.txt'],
	['hash in the name', 404, '/hash%23.txt'],
	['folded slashes', 200, '/double/ignored.txt'],
	['dotfile', 404, '/.hidden'],
	['below a dot folder', 404, '/.hidden-folder/file.txt'],
	['dotfile in a folder', 404, '/folder/.hidden.txt'],
	['well-known that is not at the root', 404, '/folder/.well-known/file.txt', only_6],
	['case matters', 404, '/PLAIN.txt'],
	['slash after a file', 404, '/plain.txt/', only_6],
	['missing', 404, '/missing.txt'],
	['a folder', 404, '/folder/deep'],
	['variant by name', 404, '/style.css.br', only_6],
	['html by its own name', 200, '/page.html'],
	['html without its extension', 200, '/page'],
	['html with a slash', 200, '/page/'],
	['index by its own name', 200, '/folder/index.html'],
	['index by its folder', 200, '/folder/'],
	['index by its folder, no slash', 200, '/folder'],
	['html in a folder', 200, '/folder/inner'],
	['two.html before two/index.html', 200, '/two'],
	['two.html before two/index.html, slash', 200, '/two/'],
	['two/index.html by its own name', 200, '/two/index.html'],
	['static index page', 200, '/collision'],
	['version.json', 200, '/_app/version.json'],
	['missing in the app folder', 404, '/_app/immutable/missing.js'],
	['missing outside immutable', 404, '/_app/missing.js']
];

/** @type {Array<[string, number, string]>} */
const pre = [
	['never', 200, '/pre/never'],
	['never, wrong slash', 308, '/pre/never/'],
	['never, wrong slash, query kept', 308, '/pre/never/?a=b&c=%20d'],
	['never, wrong slash, empty query', 308, '/pre/never/?'],
	['always', 200, '/pre/always/'],
	['always, wrong slash', 308, '/pre/always'],
	['always, wrong slash, query kept', 308, '/pre/always?a=b'],
	['ignore', 200, '/pre/ignore'],
	['ignore, with slash', 308, '/pre/ignore/'],
	['html name is no page', 404, '/pre/never.html'],
	['index name is no page', 404, '/pre/always/index.html'],
	['data of a page', 200, '/pre/data/__data.json'],
	[
		'data of a page, with the question of the client',
		200,
		'/pre/data/__data.json?x-sveltekit-invalidated=01'
	],
	['page with data', 200, '/pre/data'],
	['endpoint with an extension', 200, '/pre/endpoint.json'],
	['endpoint with an extension, slash', 308, '/pre/endpoint.json/'],
	['endpoint without an extension', 200, '/pre/plain'],
	['xml endpoint', 200, '/pre/feed.xml'],
	['redirect', 200, '/pre/moved'],
	['redirect, slash', 308, '/pre/moved/'],
	['data of a redirect', 200, '/pre/moved/__data.json'],
	['entry', 200, '/pre/item/plain'],
	['entry with a space', 200, '/pre/item/with%20space'],
	['entry with a space, slash', 308, '/pre/item/with%20space/'],
	['entry beyond ASCII', 200, '/pre/item/%C3%A9'],
	['entry that was not prerendered', 404, '/pre/item/other'],
	['prerender auto, done before', 200, '/partly/before'],
	['prerender auto, rendered now', 200, '/partly/now'],
	['dot segments to a page', 404, '/pre/other/../never']
];

const methods = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];

/** @type {Array<[string, number, Record<string, string>, string?]>} */
const immutable = [
	['GET', 200, {}],
	['HEAD', 200, {}, 'HEAD'],
	['POST', 405, {}, 'POST'],
	['br', 200, { 'accept-encoding': 'br' }],
	['gzip', 200, { 'accept-encoding': 'gzip' }],
	['a range', 206, { range: 'bytes=0-9' }],
	['a range that is not satisfiable', 416, { range: 'bytes=99999-' }],
	['not modified', 304, { 'if-none-match': '*' }]
];

export default [
	...immutable.map(([name, status, headers, method]) =>
		define(
			`static/immutable: ${name}`,
			status,
			{ via: '/app-asset', headers, method },
			{
				kits: ['POST', 'not modified', 'a range that is not satisfiable'].includes(name)
					? [3]
					: [2, 3]
			}
		)
	),
	...plain_files.map(([name, status, target, options]) =>
		define(`static/${name}`, status, get(target), options)
	),
	...['/plain.txt', '/large.bin', '/empty.txt', '/page', '/_app/version.json', '/missing.txt'].map(
		(target) =>
			define(
				`static/HEAD ${target}`,
				target.includes('missing') ? 404 : 200,
				request('HEAD', target)
			)
	),
	...methods.map((method) =>
		define(
			`static/${method} on a file`,
			405,
			request(method, '/plain.txt', { body: 'some body' }),
			only_6
		)
	),
	define('static/POST on an html alias', 405, request('POST', '/page'), only_6),
	define('static/POST on a prerendered page', 405, request('POST', '/pre/never'), only_6),
	define(
		'static/POST on the wrong slash of a prerendered page',
		405,
		request('POST', '/pre/never/'),
		only_6
	),
	define('static/HEAD on a prerendered page', 200, request('HEAD', '/pre/never')),
	define('static/HEAD on the wrong slash', 308, request('HEAD', '/pre/never/')),
	...pre.map(([name, status, target]) =>
		define(`static/prerendered: ${name}`, status, get(target))
	),
	define('static/a range of a redirect', 308, get('/pre/never/', { range: 'bytes=0-1' })),
	define(
		'static/two files over one connection',
		[200, 200],
		[get('/plain.txt'), get('/style.css')]
	),
	define('static/a file with a body on GET', 200, request('GET', '/plain.txt', { body: 'ignored' }))
];
