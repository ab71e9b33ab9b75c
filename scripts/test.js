/**
 * `npm test`: everything that has to hold, from a fresh clone, with nothing run before it.
 * Works through the stages of `lib/stages.js` one after another, goes on after a failure,
 * and ends with a summary and a non-zero exit code when anything failed.
 *
 *   npm test                            all stages
 *   npm test -- --only parity,browser   these, and what they need
 *   npm test -- --list                  names them
 *   npm test -- --bail                  stop at the first failure
 *
 * With CI set, a stage whose programs cannot be installed is a failure, not left out.
 */

import { parseArgs } from 'node:util';
import { main } from './lib/main.js';
import { all_stages } from './lib/stages.js';
import { add, nothing, summary } from './lib/tally.js';
import { ensure_build_tools, ensure_programs, ensure_rust_components } from './lib/toolchain.js';

/** @typedef {import('./lib/stages.js').Stage} Stage */
/** @typedef {import('./lib/tally.js').Outcome} Outcome */

/**
 * The stages asked for, with everything they need, in running order.
 * @param {Stage[]} stages
 * @param {string | undefined} only
 */
function select(stages, only) {
	if (only === undefined) return stages;
	const names = new Set(stages.map(({ name }) => name));
	const wanted = only.split(',').map((name) => name.trim());
	const unknown = wanted.filter((name) => !names.has(name));
	if (unknown.length > 0) {
		throw new Error(`No stage ${unknown.join(', ')}. Stages: ${[...names].join(', ')}`);
	}
	const chosen = new Set(wanted);
	// stages stand after those they need, so one pass from the end finds all of them
	for (const stage of [...stages].reverse()) {
		if (chosen.has(stage.name)) stage.after?.forEach((name) => chosen.add(name));
	}
	return stages.filter(({ name }) => chosen.has(name));
}

/**
 * @param {Stage} stage
 * @param {Map<string, Outcome>} done
 * @param {Set<string>} missing programs that could not be installed
 * @returns {Promise<Outcome>}
 */
async function perform(stage, done, missing) {
	const started = performance.now();
	/** @type {Outcome} */
	const outcome = { name: stage.name, state: 'passed', seconds: 0, tests: nothing() };

	const broken = stage.after?.find((name) => done.has(name) && done.get(name)?.state !== 'passed');
	const absent = stage.programs?.filter((name) => missing.has(name)) ?? [];
	if (broken) {
		return { ...outcome, state: 'skipped', reason: `needs ${broken}, which did not pass` };
	}
	if (absent.length > 0) {
		const state = process.env.CI ? 'failed' : 'skipped';
		return { ...outcome, state, reason: `${absent.join(', ')} not installed` };
	}

	console.log(
		`\n━━━ ${stage.name}: ${stage.title} ${'━'.repeat(Math.max(3, 60 - stage.title.length))}`
	);
	try {
		const reason = await stage.run((tests) => add(outcome.tests, tests));
		if (reason) Object.assign(outcome, { state: 'skipped', reason });
	} catch (error) {
		outcome.state = 'failed';
		outcome.reason = error instanceof Error ? error.message : String(error);
	}
	outcome.seconds = (performance.now() - started) / 1000;
	const reason = outcome.reason ? `: ${outcome.reason}` : '';
	console.log(`━━━ ${stage.name} ${outcome.state} in ${outcome.seconds.toFixed(1)} s${reason}`);
	return outcome;
}

async function test() {
	const { values } = parseArgs({
		options: {
			only: { type: 'string' },
			list: { type: 'boolean' },
			bail: { type: 'boolean' }
		}
	});
	const stages = all_stages();
	if (values.list) {
		for (const { name, title } of stages) console.log(`${name.padEnd(12)}${title}`);
		return;
	}

	const selected = select(stages, values.only);
	await ensure_build_tools();
	await ensure_rust_components();
	const missing = new Set(
		await ensure_programs([...new Set(selected.flatMap((s) => s.programs ?? []))])
	);

	/** @type {Map<string, Outcome>} */
	const done = new Map();
	for (const stage of selected) {
		const outcome = await perform(stage, done, missing);
		done.set(stage.name, outcome);
		if (values.bail && outcome.state === 'failed') break;
	}

	const outcomes = [...done.values()];
	console.log(summary(outcomes));
	if (outcomes.some(({ state }) => state === 'failed')) process.exitCode = 1;
}

await main(import.meta.url, test);
