/** Counts what the stages report and writes the summary that ends a test run. */

/**
 * @typedef {object} Failure
 * @property {string} test its name, and where it stands
 * @property {string} [error] the first lines of it
 */

/**
 * @typedef {object} Tests
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {Failure[]} failures those of tests, and of hooks around them
 */

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {'passed' | 'failed' | 'skipped'} state
 * @property {number} seconds
 * @property {Tests} tests counted inside the stage; all zero where it has none
 * @property {string} [reason] why it failed or was left out
 */

/** @returns {Tests} */
export const nothing = () => ({ passed: 0, failed: 0, skipped: 0, failures: [] });

/**
 * @param {Tests} total changed in place
 * @param {Tests} more
 */
export function add(total, more) {
	total.passed += more.passed;
	total.failed += more.failed;
	total.skipped += more.skipped;
	total.failures.push(...more.failures);
	return total;
}

/** @param {{ passed: number, failed: number, skipped: number }} counts */
const count = ({ passed, failed, skipped }) =>
	`${passed} passed | ${failed} failed | ${skipped} skipped (${passed + failed + skipped})`;

const MARKS = { passed: '✓', failed: '✗', skipped: '-' };

/**
 * What failed and why, since the end of the output is what people look at first
 * @param {Outcome[]} outcomes
 */
function failures(outcomes) {
	const lines = [];
	for (const { name, tests } of outcomes) {
		for (const { test, error = '' } of tests.failures) {
			lines.push(` ${MARKS.failed} ${name}: ${test}`);
			lines.push(...error.split('\n').map((line) => `     ${line}`.trimEnd()), '');
		}
	}
	return lines.length > 0 ? ['', 'Failed', '', ...lines.slice(0, -1)] : [];
}

/** @param {Outcome[]} outcomes */
export function summary(outcomes) {
	const lines = [...failures(outcomes), '', 'Summary', ''];
	for (const { name, state, seconds, tests, reason } of outcomes) {
		const total = tests.passed + tests.failed + tests.skipped;
		const told = total > 0 ? `${tests.passed}/${total} tests` : '';
		const row = ` ${MARKS[state]} ${name.padEnd(12)} ${`${seconds.toFixed(1)} s`.padStart(8)}  ${told}`;
		lines.push(row.trimEnd() + (reason ? `  ${state}: ${reason.split('\n', 1)[0]}` : ''));
	}

	const stages = { passed: 0, failed: 0, skipped: 0 };
	for (const { state } of outcomes) stages[state] += 1;
	const tests = outcomes.reduce((total, outcome) => add(total, outcome.tests), nothing());
	const seconds = outcomes.reduce((total, outcome) => total + outcome.seconds, 0);
	lines.push('', ` Stages    ${count(stages)}`, ` Tests     ${count(tests)}`);
	lines.push(` Duration  ${seconds.toFixed(1)} s`, '');
	return lines.join('\n');
}
