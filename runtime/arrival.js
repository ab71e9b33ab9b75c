/**
 * What becomes of a request's record before anything reads it. Where clients connect to us, nothing.
 * In development they connect to Vite, and what it knows of them comes along in header lines whose
 * names only this process knows.
 */
import { for_each_line } from './header-lines.js';

/** @import { RequestRecord } from './wire.js' */

/**
 * The names of those lines, in lower case.
 * @typedef {{ address: string, port: string, protocol: string }} Lines
 */

/** @type {(record: RequestRecord) => RequestRecord} */
export let arrive = (record) => record;

/** @param {Lines} lines */
export function arrive_through(lines) {
	arrive = (record) => arrived(record, lines);
}

/**
 * @param {RequestRecord} record
 * @param {Lines} lines
 */
function arrived(record, lines) {
	/** @type {Map<string, string>} */
	const told = new Map();
	let headers = '';
	for_each_line(record.headers, (name, value) => {
		if (name === lines.address || name === lines.port || name === lines.protocol) {
			told.set(name, value);
		} else headers += `${name}\n${value}\n`;
	});
	const address = told.get(lines.address);
	// who has found the port by himself gets nowhere
	if (address === undefined) {
		return Object.assign({ ...record }, { address: '', upgrade: false, stream: false });
	}
	return { ...record, headers, address, port: Number(told.get(lines.port)) };
}
