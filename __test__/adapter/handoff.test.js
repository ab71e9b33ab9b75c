/** The hand-offs: that writer and reader mean the same, and what cannot be written is refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { adapt } from '../../adapter/adapt.js';
import { client_table } from '../../adapter/assets.js';
import { FORMAT, oxide_js, oxide_json } from '../../adapter/handoff.js';
import { decide_options } from '../../adapter/options.js';

const rust = readFileSync(new URL('../../src/config/handoff.rs', import.meta.url), 'utf8');

/** @type {import('../../adapter/handoff.js').App} */
const app = {
	kit: 3,
	base: '/b',
	app_path: 'b/_app',
	origin: undefined,
	content_type: () => 'text/plain'
};

/** @param {object} [more] */
function route(more) {
	return /** @type {any} */ ({
		id: '/a/[b]',
		pattern: /^\/a\/([^/]+?)\/?$/,
		methods: ['GET', 'POST'],
		page: { methods: ['GET'] },
		api: { methods: [] },
		prerender: 'auto',
		config: undefined,
		...more
	});
}

/**
 * @param {any[]} routes
 * @param {object} [given]
 */
function written(routes, given) {
	const measured = [{ file: '_app/immutable/a.js', size: 1, etag: 'x', br: 1, gz: 1, zst: 1 }];
	return JSON.parse(
		oxide_json({
			app,
			version: '1.2.3',
			build: 'one-of-its-own',
			options: decide_options(given),
			hooks_ws: true,
			client: client_table(measured, app),
			prerendered: [],
			routes
		})
	);
}

/**
 * The names under which serde reads a struct, which refuses all others.
 * @param {string} struct
 */
function fields(struct) {
	const body = new RegExp(`pub struct ${struct} \\{(.*?)\\n\\}`, 's').exec(rust)?.[1] ?? '';
	return [...body.matchAll(/(?:rename = "(\w+)"\)\]\s*)?pub (\w+):/g)].map(
		([, renamed, name]) => renamed ?? name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
	);
}

test('every field that Rust reads is written, and no other', () => {
	const handoff = written([route()]);
	assert.deepEqual(Object.keys(handoff).sort(), fields('Handoff').sort());
	assert.deepEqual(Object.keys(handoff.assets[0][1]).sort(), fields('AssetEntry').sort());
	assert.deepEqual(Object.keys(handoff.routes[0]).sort(), fields('RouteEntry').sort());
});

test('the format is the one Rust takes', () => {
	assert.equal(FORMAT, Number(/FORMAT: u32 = (\d+);/.exec(rust)?.[1]));
});

test('routes keep their order and lose what is not theirs to tell', () => {
	const [first, second] = written([
		route(),
		route({
			id: '/',
			page: { methods: [] },
			api: { methods: ['GET', '*'] },
			prerender: true,
			config: { timeout: '5s', absent: undefined }
		})
	]).routes;
	assert.deepEqual(first, {
		id: '/a/[b]',
		pattern: '^\\/a\\/([^/]+?)\\/?$',
		methods: ['GET', 'POST'],
		page: true,
		api: false,
		prerender: false,
		config: {}
	});
	assert.deepEqual(second.config, { timeout: '5s' });
	assert.deepEqual(
		[second.id, second.page, second.api, second.prerender],
		['/', false, true, true]
	);
});

test('a config that is not plain data names its route', () => {
	assert.throws(
		() => written([route({ config: { limit: 1n } })]),
		/route \/a\/\[b\] has to be plain/
	);
	const circle = {};
	Object.assign(circle, { circle });
	assert.throws(() => written([route({ config: circle })]), /route \/a\/\[b\] has to be plain/);
});

test('oxide.js says what the run-time code asks for', async () => {
	const server = [`export const server = 'kit';`];
	const source = oxide_js(app, decide_options({ envPrefix: 'MY_' }), 'one', server, true);
	const types = readFileSync(new URL('../../adapter/oxide.d.ts', import.meta.url), 'utf8');
	const exported = (/** @type {string} */ text) =>
		[...text.matchAll(/export const (\w+)/g)].map(([, name]) => name).sort();
	assert.deepEqual(exported(source), exported(types));
	assert.match(source, /export const build = "one";/);
	assert.match(
		source,
		/export const hooks_ws = \(\) => import\('\.\/server\/oxide-hooks-ws\.js'\);/
	);
	const without = oxide_js(app, decide_options({}), 'one', server, false);
	assert.match(without, /export const hooks_ws = undefined;/);
	assert.match(source, /export const kit = 3;/);
	assert.match(source, /export const base = "\/b";/);
	assert.match(source, /export const origin = undefined;/);
	assert.match(source, /export const env_prefix = "MY_";/);
});

for (const out of ['.', '..', '../..', '/']) {
	test(`the app is not emptied by out: ${JSON.stringify(out)}`, async () => {
		const builder = /** @type {any} */ ({ log: { minor() {} } });
		await assert.rejects(adapt(builder, decide_options({ out })), /in which the app lies/);
	});
}
