/**
 * Plays one case against one server and records what came back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Connection, exchange, fetch_text } from '../harness/wire.js';
import { request } from './case.js';

/**
 * @typedef {{
 *   responses: import('../harness/wire.js').WireResponse[],
 *   connection: 'open' | 'closed' | 'unknown',
 *   journal: string[]
 * }} Outcome
 */

const probe_target = '/robots.txt';

/**
 * @param {import('../harness/wire.js').Address} address
 * @param {string} prefix paths.base of the app
 * @param {string} key
 * @param {string} entry
 */
async function noted(address, prefix, key, entry) {
	for (let attempt = 0; attempt < 400; attempt += 1) {
		const text = await fetch_text(address, `${prefix}/api/journal/${key}`);
		if (JSON.parse(text).includes(entry)) return;
		await pause(15);
	}
	throw new Error(`the app never noted ${JSON.stringify(entry)} for ${key}`);
}

/**
 * @param {import('./case.js').Case} test_case
 * @param {2 | 3} kit
 * @param {import('../harness/wire.js').Address} address
 * @param {string} [prefix]
 * @returns {Promise<Outcome>}
 */
export async function play(test_case, kit, address, prefix = '') {
	const connection = await Connection.open(address);
	/** @type {Outcome['responses']} */
	const responses = [];
	let over = false;

	const take = async () => {
		const response = await connection.response(test_case.methods[responses.length]);
		if (response) responses.push(response);
		else over = true;
	};

	try {
		for (const step of test_case.steps) {
			if (typeof step === 'string' || step instanceof Uint8Array) connection.send(step);
			else if ('sees' in step) await connection.sees(step.sees);
			else if ('aside' in step) await exchange(address, request('GET', `${prefix}${step.aside}`));
			else if ('via' in step) {
				const target = await fetch_text(address, `${prefix}${step.via}`);
				connection.send(request(step.method ?? 'GET', target, { headers: step.headers }));
			} else if ('journal' in step) await noted(address, prefix, step.journal, step.has);
			else if ('finish' in step) connection.finish();
			else if ('settle' in step) await take();
			else {
				connection.vanish();
				over = true;
			}
		}

		// a case without a status expects the connection to end without a response
		const expected = Math.max(1, test_case.status[kit].length);
		while (!over && responses.length < expected) await take();

		/** @type {Outcome['connection']} */
		let state = 'unknown';
		if (over) {
			state = 'closed';
		} else if (test_case.probe) {
			// asking again tells whether the connection was kept, without waiting for time to pass
			connection.send(request('GET', `${prefix}${probe_target}`));
			state = (await connection.response()) ? 'open' : 'closed';
		}

		const journal = test_case.journal
			? JSON.parse(await fetch_text(address, `${prefix}/api/journal/${test_case.journal}`))
			: [];
		return { responses, connection: state, journal };
	} finally {
		connection.close();
	}
}
