/**
 * A reporter for `node --test` that writes how many tests passed, failed and were skipped, and what
 * failed and why, as JSON, for the summary of `npm test`.
 */

import path from 'node:path';
import process from 'node:process';

/** Lines of an error that the summary repeats: what was thrown and the first places of it. */
const ERROR_LINES = 12;

/** @param {any} error what the runner threw over a failed test; its cause is what the test threw */
const told = ({ cause, message }) => `${cause?.stack ?? cause ?? message}`;

/**
 * @param {AsyncIterable<{ type: string, data: any }>} source
 */
export default async function* count(source) {
	/** @type {import('./tally.js').Failure[]} */
	const failures = [];
	for await (const { type, data } of source) {
		// of a suite there is more to say only where one of its hooks failed
		if (type === 'test:fail' && data.details.error.failureType !== 'subtestsFailed') {
			const file = data.file ? `${path.relative(process.cwd(), data.file)}:${data.line} ` : '';
			const lines = told(data.details.error).split('\n');
			const own = lines.filter((line) => !line.includes('(node:') && !/^\s*at node:/.test(line));
			const error = own.slice(0, ERROR_LINES).join('\n');
			failures.push({ test: `${file}${data.name}`, error });
		}
		// one of these comes for each file; only the one of the whole run has no file
		if (type !== 'test:summary' || data.file !== undefined) continue;
		const { passed, tests, skipped, todo } = data.counts;
		const left_out = skipped + todo;
		const failed = tests - passed - left_out;
		yield JSON.stringify({ passed, failed, skipped: left_out, failures });
	}
}
