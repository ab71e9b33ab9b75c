/**
 * What it costs to find a route in JavaScript, on the routes of `routes.json`: the scan that
 * SvelteKit makes, one expression after the other, and the router `find-my-way`.
 * `benches/router.rs` is the same for our own router. Run by hand:
 *
 *     node benches/router.js
 *
 * Each case is run until it has taken a tenth of a second, ten times over, the two in turn.
 * What is printed is the median, and from where to where the ten spread. `--test` runs each
 * case once and checks what it finds.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import FindMyWay from 'find-my-way';
import { at } from '../scripts/lib/places.js';
import { spread } from './statistics.js';

/**
 * @typedef {object} Table
 * @property {[id: string, pattern: string][]} routes
 * @property {[name: string, path: string, id: string | null][]} paths
 */

/** @typedef {(path: string) => { id: string, params: Record<string, string | undefined> } | null} Find */

const ROUNDS = 10;
const ROUND_MS = 100;

/** @param {string} id */
const names = (id) =>
	Array.from(id.matchAll(/\[+(?:\.\.\.)?(\w+)(?:=\w+)?\]+/g), ([, name]) => name);

/** @param {Table} table @returns {Find} */
function scan({ routes }) {
	const list = routes.map(([id, pattern]) => ({
		id,
		pattern: new RegExp(pattern),
		names: names(id)
	}));
	return (path) => {
		for (const route of list) {
			const match = route.pattern.exec(path);
			if (!match) continue;
			/** @type {Record<string, string | undefined>} */
			const params = {};
			for (let n = 0; n < route.names.length; n += 1) params[route.names[n]] = match[n + 1];
			return { id: route.id, params };
		}
		return null;
	};
}

/** @param {string} id as find-my-way writes it; an optional parameter makes two paths */
function paths_of(id) {
	const path = id
		.replace(/\/\([^)]+\)/g, '')
		.replace(/\[\.\.\.\w+\]/g, '*')
		.replace(/\[(\w+)(?:=\w+)?\]/g, ':$1');
	const optional = /\/\[:(\w+)\]/;
	return optional.test(path)
		? [path.replace(optional, ''), path.replace(optional, '/:$1')]
		: [path || '/'];
}

/** @param {Table} table @returns {Find} */
function find_my_way({ routes }) {
	const router = FindMyWay();
	for (const [id] of routes) {
		for (const path of paths_of(id)) router.on('GET', path, () => {}, id);
	}
	return (path) => {
		const found = router.find('GET', path);
		return found && { id: found.store, params: found.params };
	};
}

/** @param {Find} find @param {string} path @returns {number} millions a second */
function round(find, path) {
	const start = performance.now();
	for (let done = 0, found = 0; ; done += 1000) {
		const passed = performance.now() - start;
		if (passed >= ROUND_MS) {
			// so that no engine may leave the work undone
			assert.ok(found === 0 || found === done);
			return done / passed / 1000;
		}
		for (let n = 0; n < 1000; n += 1) if (find(path)) found += 1;
	}
}

const { values } = parseArgs({ options: { test: { type: 'boolean', default: false } } });
/** @type {Table} */
const table = JSON.parse(fs.readFileSync(at('benches', 'routes.json'), 'utf8'));
const finds = { 'regex scan': scan(table), 'find-my-way': find_my_way(table) };

for (const [name, path, id] of table.paths) {
	for (const [router, find] of Object.entries(finds)) {
		assert.equal(find(path)?.id ?? null, id, `${router}: ${path}`);
	}
	if (values.test) continue;

	/** @type {Record<string, number[]>} */
	const results = { 'regex scan': [], 'find-my-way': [] };
	for (let n = -1; n < ROUNDS; n += 1) {
		for (const [router, find] of Object.entries(finds)) {
			const speed = round(find, path);
			// the first round is for the compiler
			if (n >= 0) results[router].push(speed);
		}
	}
	const cells = Object.entries(results).map(([router, speeds]) => {
		const { median, min, max } = spread(speeds);
		return `${router} ${median.toFixed(2)} M/s (${min.toFixed(2)} to ${max.toFixed(2)})`;
	});
	console.log(`${name.padEnd(22)}${cells.join('   ')}`);
}
