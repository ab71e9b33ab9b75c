/**
 * Runs every case against two servers that were built from the same app and started with
 * the same environment, and judges what differs by the table of decided differences. Ours
 * is asked twice, with light web objects and with the platform's own; the reference once.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { start_server } from '../harness/server.js';
import { compare } from './compare.js';
import { allows, differences } from './differences.js';
import { play } from './play.js';
import { run_startup } from './startup.js';
import environment_groups, { default_limit } from './cases/environment.js';
import dynamic_cases from './cases/dynamic.js';
import echo_cases from './cases/echo.js';
import negotiation_cases from './cases/negotiation.js';
import path_cases from './cases/paths.js';
import static_cases from './cases/static.js';
import stream_cases from './cases/streams.js';
import wire_cases from './cases/wire.js';

/** @typedef {import('./cases/environment.js').Group} Group */

/** @type {Group[]} */
const groups = [
	{
		name: 'no environment',
		cases: [
			...static_cases,
			...negotiation_cases,
			...path_cases,
			...dynamic_cases,
			...echo_cases,
			...stream_cases,
			...wire_cases,
			...default_limit
		]
	},
	...environment_groups
];

/**
 * Files are served on SvelteKit 2 as adapter-node 6 does it on SvelteKit 3, from a build
 * that holds the same files. What SvelteKit renders is left out: it differs by major
 * @type {Group}
 */
const files_as_6 = {
	name: 'files as adapter-node 6 serves them',
	kits: [2],
	reference_kit: 3,
	cases: [...static_cases, ...negotiation_cases]
		.filter(({ name, status }) => {
			if (/prerendered|SSR|redirect|wrong slash/.test(name)) return false;
			return status[3].every((code) => [200, 206, 304, 405, 416].includes(code));
		})
		.map((test_case) => ({
			...test_case,
			name: `as 6/${test_case.name}`,
			kits: [2],
			status: { 2: test_case.status[3], 3: test_case.status[3] }
		}))
};

/**
 * `PARITY_SUBJECT=node` compares the reference with itself: the suite must then find
 * nothing, not even a decided difference
 */
const subject_adapter = process.env.PARITY_SUBJECT === 'node' ? 'node' : 'oxide';

/** What routes see as `Request`, `Response` and `Headers`; the reference has no choice */
const web_objects = subject_adapter === 'node' ? ['native'] : ['light', 'native'];

/**
 * @param {Group} group
 * @param {2 | 3} kit
 * @param {'node' | 'oxide'} adapter
 * @param {Record<string, string>} [env]
 */
async function start(group, kit, adapter, env) {
	const build = await build_app({ kit, adapter, variant: group.variant });
	const socket = group.socket
		? path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'parity-')), 'server.sock')
		: undefined;
	return start_server({
		build,
		prefix: group.prefix,
		env: { ...group.env, ...(socket ? { SOCKET_PATH: socket } : {}), ...env }
	});
}

/** @param {2 | 3} kit */
export function run_suite(kit) {
	const table = differences.filter((row) => !row.kits || row.kits.includes(kit));
	/** @type {Map<(typeof table)[number], number>} */
	const used = new Map();
	/** @type {Map<string, number>} cases by web objects */
	const played = new Map(web_objects.map((objects) => [objects, 0]));

	for (const group of [...groups, files_as_6]) {
		if (group.kits && !group.kits.includes(kit)) continue;
		// with the reference as subject the majors would be compared with each other
		if (group.reference_kit && subject_adapter === 'node') continue;

		describe(`${group.name}, kit ${kit}`, { concurrency: 1 }, () => {
			/** @type {import('../harness/server.js').RunningServer} */
			let reference;
			/** @type {Map<import('./case.js').Case, ReturnType<typeof play>>} */
			const answers = new Map();

			before(async () => {
				reference = await start(group, group.reference_kit ?? kit, 'node');
			});

			after(async () => {
				answers.clear();
				await reference?.stop();
			});

			/** @param {import('./case.js').Case} test_case */
			function ask_reference(test_case) {
				const known = answers.get(test_case);
				if (known) return known;
				const answer = play(test_case, kit, reference, group.base);
				answers.set(test_case, answer);
				return answer;
			}

			for (const objects of web_objects) {
				describe(`${objects} web objects`, { concurrency: 4 }, () => {
					/** @type {import('../harness/server.js').RunningServer} */
					let subject;

					before(async () => {
						subject = await start(group, kit, subject_adapter, {
							[`${group.prefix ?? ''}WEB_OBJECTS`]: objects
						});
					});

					after(() => subject?.stop());

					for (const test_case of group.cases) {
						if (!test_case.kits.includes(kit)) continue;

						test(test_case.name, { timeout: 30_000 }, async () => {
							const [expected, got] = await Promise.all([
								ask_reference(test_case),
								play(test_case, kit, subject, group.base)
							]);
							played.set(objects, (played.get(objects) ?? 0) + 1);
							judge(test_case, expected, got);
						});
					}
				});
			}
		});
	}

	/**
	 * @param {import('./case.js').Case} test_case
	 * @param {import('./play.js').Outcome} expected
	 * @param {import('./play.js').Outcome} got
	 */
	function judge(test_case, expected, got) {
		assert.deepEqual(
			expected.responses.map(({ status }) => status),
			test_case.status[kit],
			'the reference does not answer as the case says'
		);

		const open = compare(test_case, expected, got).filter((difference) => {
			const row = table.find((candidate) => allows(candidate, test_case.name, difference));
			if (row) used.set(row, (used.get(row) ?? 0) + 1);
			return !row;
		});
		const shown = open.map(({ field, reference: is, subject: ours }) => ({ field, is, ours }));
		assert.deepEqual(shown, [], `${test_case.name} differs`);
	}

	run_startup(kit, subject_adapter);

	describe(`decided differences, kit ${kit}`, () => {
		after(() => {
			const cases = [...played].map(([objects, count]) => `${count} with ${objects}`).join(', ');
			console.log(
				`\ncases compared, by web objects: ${cases}; decided differences from the reference:`
			);
			for (const row of table) {
				console.log(
					`  ${String(used.get(row) ?? 0).padStart(4)} x ${row.cases} ${row.field}: ${row.why}`
				);
			}
		});

		test('at least 250 cases were played with each kind of web objects', () => {
			for (const [objects, count] of played) assert.ok(count >= 250, `${objects}: only ${count}`);
		});

		for (const row of subject_adapter === 'node' ? [] : table) {
			test(`still needed: ${row.cases} ${row.field}`, () => {
				assert.ok(used.get(row), `nothing differs in this way any more: ${row.why}`);
			});
		}

		test('nothing differs between the reference and itself', () => {
			if (subject_adapter === 'node') assert.equal(used.size, 0);
		});
	});
}
