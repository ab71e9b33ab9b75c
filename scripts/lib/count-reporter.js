/**
 * A reporter for `node --test` that writes only how many tests passed, failed and were
 * skipped, as JSON, for the summary of `npm test`.
 */

/**
 * @param {AsyncIterable<{ type: string, data: any }>} source
 */
export default async function* count(source) {
	for await (const { type, data } of source) {
		// one of these comes for each file; only the one of the whole run has no file
		if (type !== 'test:summary' || data.file !== undefined) continue;
		const { passed, tests, skipped, todo } = data.counts;
		const left_out = skipped + todo;
		yield JSON.stringify({ passed, failed: tests - passed - left_out, skipped: left_out });
	}
}
