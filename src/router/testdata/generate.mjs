/**
 * Writes the tables by which the router's tests compare it with SvelteKit: which route
 * SvelteKit's own functions find for a path. Run by hand when SvelteKit changes them:
 *
 *     node src/router/testdata/generate.mjs path/to/node_modules/@sveltejs/kit > src/router/testdata/kit3.json
 *
 * Each table is `{ kit, apps: [{ routes: [[id, pattern]], paths: [[path, found]] }] }`, where
 * `found` is the index of the route, null for none, and "open" when a matcher was asked.
 */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const kit = path.resolve(process.argv[2]);
const load = (file) => import(pathToFileURL(path.join(kit, file)).href);
const { parse_route_id, exec } = await load('src/utils/routing.js');
const { sort_routes } = await load('src/core/sync/create_manifest_data/sort.js');
const { version } = JSON.parse(fs.readFileSync(path.join(kit, 'package.json'), 'utf8'));

/** A matcher in the forms of both majors, which notes that it was asked. */
let asked = 0;
const matcher = Object.assign(
	() => {
		asked += 1;
		return true;
	},
	{
		'~standard': {
			validate(value) {
				asked += 1;
				return { value };
			}
		}
	}
);
const matchers = new Proxy({}, { get: () => matcher });

function find(routes, path) {
	asked = 0;
	for (const [index, route] of routes.entries()) {
		const match = route.pattern.exec(path);
		if (!match) continue;
		const params = exec(match, route.params, matchers);
		if (asked) return 'open';
		if (params) return index;
	}
	return null;
}

function app(ids, paths) {
	const routes = sort_routes([...new Set(ids)].map((id) => ({ id, ...parse_route_id(id) })));
	return {
		routes: routes.map(({ id, pattern }) => [id, pattern.source]),
		paths: [...new Set(paths)].map((path) => [path, find(routes, path)])
	};
}

const by_hand = app(
	[
		'/',
		'/(app)/about',
		'/about/(group)/team',
		'/blog',
		'/blog/[slug]',
		'/blog/[slug]/edit',
		'/blog/[year=int]/[month=int]',
		'/blog/[year]/[month]/[day]',
		'/blog/new',
		'/shop/[[lang]]/cart',
		'/shop/[[lang=lang]]/pay',
		'/shop/[category]',
		'/shop/[category]/[...filters]',
		'/docs/[...path]',
		'/docs/[...path]/edit',
		'/docs/[...path]/print/[id]',
		'/docs/index',
		'/files/[name].[ext]',
		'/files/[name].json',
		'/files/v-[major]-[minor]',
		'/files/v-[[major]]',
		'/files/[name=int].txt',
		'/sitemap-[...page].xml',
		'/feed/[...parts].rss/[[full]]',
		'/x/[x+3a]smile[x+3a]',
		'/x/[x+2f]slash',
		'/x/[x+3f]what',
		'/x/[x+25]percent',
		'/x/[x+23]hash',
		'/x/[u+1f600]',
		'/x/[x+2e]well-known/[id]',
		'/x/a+b(c)',
		'/ünïcode/[size]',
		'/[[lang=lang]]/home',
		'/[[lang]]/plain',
		'/[[lang]]/plain/[[page]]',
		'/[first]/[second]/fixed',
		'/[first]/[second]/[third=any]',
		'/admin/[[a]]/[[b]]/c',
		'/admin/[[a=any]]/[[b]]/d',
		'/admin/[...rest=any]',
		'/rest/[...rest=any]/end',
		'/rest/[...rest]'
	],
	[
		'/',
		'//',
		'/about',
		'/about/',
		'/about//',
		'/about/team',
		'/about/team/',
		'/About',
		'/blog',
		'/blog/',
		'/blog//',
		'/blog/new',
		'/blog/newer',
		'/blog/a',
		'/blog/a/',
		'/blog/a/edit',
		'/blog/a/edit/',
		'/blog/a/b',
		'/blog/1/2',
		'/blog/1/2/3',
		'/blog/1/2/3/4',
		'/blog//edit',
		'/blog/%2F',
		'/shop',
		'/shop/cart',
		'/shop/en/cart',
		'/shop/en/cart/',
		'/shop/en/fr/cart',
		'/shop/pay',
		'/shop/en/pay',
		'/shop/shoes',
		'/shop/shoes/',
		'/shop/shoes/red',
		'/shop/shoes/red/xl',
		'/shop/shoes//',
		'/shop//cart',
		'/docs',
		'/docs/',
		'/docs/index',
		'/docs/a',
		'/docs/a/b',
		'/docs/edit',
		'/docs/a/edit',
		'/docs/a/b/edit/',
		'/docs/edit/edit',
		'/docs/print/1',
		'/docs/a/print/1',
		'/docs/print/print/print',
		'/docs//',
		'/docs//edit',
		'/docs///a',
		'/docsx',
		'/files/a.b',
		'/files/a.json',
		'/files/.json',
		'/files/a.',
		'/files/a.b.json',
		'/files/a.b.c',
		'/files/v-1-2',
		'/files/v--',
		'/files/v-1-',
		'/files/v-',
		'/files/v-1',
		'/files/v',
		'/files/1.txt',
		'/files/.txt',
		'/files/a/b',
		'/files/é.ü',
		'/sitemap-.xml',
		'/sitemap-1.xml',
		'/sitemap-1/2.xml',
		'/sitemap-1/2.xml/',
		'/sitemap-1/2.xml/3',
		'/sitemap-/.xml',
		'/sitemap.xml',
		'/sitemap-a.xmlb.xml',
		'/feed/.rss',
		'/feed/a/b.rss',
		'/feed/a.rss/full',
		'/feed/a.rss/full/',
		'/feed/a.rss/b/c.rss',
		'/feed/a.rss//',
		'/feed/.rss.rss/x',
		'/x/:smile:',
		'/x/%2Fslash',
		'/x/%2fslash',
		'/x//slash',
		'/x/%3fwhat',
		'/x/%3Fwhat',
		'/x/%25percent',
		'/x/%23hash',
		'/x/😀',
		'/x/.well-known/1',
		'/x/.well-known',
		'/x/a+b(c)',
		'/x/aab(c)',
		'/ünïcode/x',
		'/home',
		'/en/home',
		'/en/home/',
		'/a/b/home',
		'/plain',
		'/en/plain',
		'/plain/2',
		'/en/plain/2',
		'/plain/plain',
		'/plain/plain/plain',
		'/a/b/fixed',
		'/a/b/other',
		'/a/b',
		'/admin',
		'/admin/c',
		'/admin/a/c',
		'/admin/a/b/c',
		'/admin/a/b/c/',
		'/admin/c/c',
		'/admin/c/c/c',
		'/admin/a/b/b/c',
		'/admin/d',
		'/admin/a/d',
		'/admin/a/b/d',
		'/admin/x',
		'/admin//',
		'/rest',
		'/rest/',
		'/rest/end',
		'/rest/a/end',
		'/rest/a',
		'/rest/a/b/',
		'/rest//end',
		'/nothing'
	]
);

/** A small generator of numbers, so that the tables can be written again. */
let state = 20260131;
function random(below) {
	state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
	return Math.floor((state / 2 ** 32) * below);
}
const pick = (list) => list[random(list.length)];

const names = ['a', 'b', 'ab', 'a-b', 'a.b'];
const segments = [
	'a',
	'b',
	'ab',
	'a-b',
	'(g)',
	'[p]',
	'[p]',
	'[p=m]',
	'a-[p]',
	'[p].b',
	'[p]-[q]',
	'a[[p]]',
	'[p=m]-b',
	'[[p]]',
	'[[p=m]]',
	'[...r]',
	'[...r=m]',
	'a[...r]',
	'[...r].b'
];

function random_id() {
	const id = [];
	for (let length = 1 + random(4); length > 0; length -= 1) {
		const segment = pick(segments);
		// SvelteKit refuses an optional parameter after a rest parameter
		if (segment.includes('[[') && id.some((other) => other.includes('[...'))) continue;
		id.push(segment);
	}
	return '/' + id.join('/');
}

function random_path() {
	let path = '';
	for (let length = random(6); length > 0; length -= 1)
		path += '/' + pick([...names, ...names, 'x', '']);
	return path + pick(['', '', '/']) || '/';
}

const apps = [by_hand];
for (let n = 0; n < 60; n += 1) {
	const ids = Array.from({ length: 2 + random(12) }, random_id);
	apps.push(app(ids, Array.from({ length: 40 }, random_path)));
}

const lines = apps.map((app) => JSON.stringify(app)).join(',\n');
process.stdout.write(`{"kit":"${version}","apps":[\n${lines}\n]}\n`);
