/**
 * Writes benches/routes.json: the routes of an application of ordinary size, with the
 * expressions and in the order that SvelteKit itself gives them, and the paths the router
 * benches ask for. Run by hand when the list below changes:
 *
 *     node benches/routes.js
 */

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import prettier from 'prettier';
import { at } from '../scripts/lib/places.js';

const FILE = at('benches', 'routes.json');
const KIT = at('node_modules', '@sveltejs', 'kit');

/** @type {(file: string) => Promise<any>} these modules are not part of what kit exports */
const load = (file) => import(pathToFileURL(path.join(KIT, 'src', file)).href);

const IDS = [
	'/',
	'/(marketing)/about',
	'/(marketing)/contact',
	'/(marketing)/customers',
	'/(marketing)/customers/[company]',
	'/(marketing)/imprint',
	'/(marketing)/pricing',
	'/(marketing)/privacy',
	'/(auth)/login',
	'/(auth)/logout',
	'/(auth)/register',
	'/(auth)/reset-password',
	'/(auth)/reset-password/[token]',
	'/account',
	'/account/billing',
	'/account/invoices',
	'/account/invoices/[id]',
	'/account/settings',
	'/account/teams/[team]/members/[member]',
	'/admin',
	'/admin/orders',
	'/admin/orders/[id]',
	'/admin/products',
	'/admin/products/[id]/edit',
	'/admin/users',
	'/admin/users/[id]',
	'/api/cart',
	'/api/cart/items/[id]',
	'/api/health',
	'/api/posts',
	'/api/posts/[id]',
	'/api/posts/[id]/comments',
	'/api/posts/[id]/comments/[comment]',
	'/api/search',
	'/api/users/[id]',
	'/api/webhooks/[provider]',
	'/blog',
	'/blog/[slug]',
	'/blog/archive/[year=integer]',
	'/blog/tags/[tag]',
	'/blog/rss.xml',
	'/docs/[...path]',
	'/docs/[[version]]/changelog',
	'/files/[name].[extension]',
	'/search',
	'/shop',
	'/shop/[category]',
	'/shop/[category]/[product]',
	'/shop/cart',
	'/sitemap.xml'
];

/** `[name, path, id of the route that SvelteKit finds]` */
const PATHS = [
	['static', '/account/settings', '/account/settings'],
	['one param', '/blog/how-we-ship', '/blog/[slug]'],
	['two params', '/api/posts/4711/comments/15', '/api/posts/[id]/comments/[comment]'],
	['rest', '/docs/guides/deploy/docker', '/docs/[...path]'],
	['not found', '/wp-login/setup', null],
	['root', '/', '/'],
	['param, static', '/admin/products/4711/edit', '/admin/products/[id]/edit'],
	['two params in a row', '/shop/shoes/trail-runner', '/shop/[category]/[product]'],
	['optional', '/docs/v2/changelog', '/docs/[[version]]/changelog'],
	['mixed', '/files/report.pdf', '/files/[name].[extension]'],
	['not found, late', '/api/posts/4711/likes', null]
];

const { parse_route_id } = await load('utils/routing.js');
const { sort_routes } = await load('core/sync/create_manifest_data/sort.js');

/** @type {{ id: string, pattern: RegExp }[]} */
const routes = sort_routes(IDS.map((id) => ({ id, ...parse_route_id(id) })));
const table = {
	routes: routes.map(({ id, pattern }) => [id, pattern.source]),
	paths: PATHS
};
const options = await prettier.resolveConfig(FILE);
fs.writeFileSync(
	FILE,
	await prettier.format(JSON.stringify(table), { ...options, parser: 'json' })
);
