/**
 * Load that does not wait for the server: requests leave at a fixed rate whether those before them
 * were answered or not, as those of many people do. A latency counts from the moment at which the
 * request was to leave, so that none is forgotten while the server holds others up.
 */

import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** @typedef {{ status: number, ms: number }} Answer `status` 0: none came */

/** As long as a patient client waits, in milliseconds. */
export const PATIENCE = 10_000;

/**
 * @param {string} url
 * @param {http.Agent} agent
 * @param {number} due when it was to leave
 * @returns {Promise<Answer>}
 */
function ask(url, agent, due) {
	return new Promise((resolve) => {
		/** @param {number} status */
		const end = (status) => {
			clearTimeout(timer);
			resolve({ status, ms: performance.now() - due });
		};
		const request = http.get(url, { agent }, (response) => {
			response.resume().on('end', () => end(response.statusCode ?? 0));
			response.on('error', () => end(0));
		});
		request.on('error', () => end(0));
		const timer = setTimeout(() => request.destroy(new Error('no answer')), PATIENCE);
	});
}

/**
 * @param {string} url
 * @param {number} rate requests a second
 * @param {number} seconds
 * @returns {Promise<Answer[]>}
 */
export async function open_loop(url, rate, seconds) {
	const agent = new http.Agent({ keepAlive: true });
	const count = Math.round(rate * seconds);
	const begin = performance.now();
	/** @type {Promise<Answer>[]} */
	const answers = [];
	while (answers.length < count) {
		const due = begin + (answers.length * 1000) / rate;
		const early = due - performance.now();
		if (early > 1) await wait(early);
		answers.push(ask(url, agent, due));
	}
	const all = await Promise.all(answers);
	agent.destroy();
	return all;
}

/**
 * Requests a second that the server answers when it is asked without a pause.
 * @param {string} url
 * @param {number} clients
 * @param {number} seconds
 */
export async function capacity(url, clients, seconds) {
	const agent = new http.Agent({ keepAlive: true });
	const begin = performance.now();
	const end = begin + seconds * 1000;
	let answered = 0;
	const client = async () => {
		while (performance.now() < end) {
			const { status } = await ask(url, agent, performance.now());
			if (status === 200) answered += 1;
		}
	};
	await Promise.all(Array.from({ length: clients }, client));
	agent.destroy();
	return (answered * 1000) / (performance.now() - begin);
}

/**
 * @typedef {object} Point
 * @property {number} load of what the server can carry: 1 is all of it
 * @property {number} rate requests a second
 * @property {number} p50 milliseconds to an answer of 200
 * @property {number} p99
 * @property {number} answered share of the requests, 0 to 1
 * @property {number} refused share that got 503
 * @property {number} refused_p99 milliseconds to a 503
 * @property {number} lost share that got nothing in time
 */

/**
 * @param {number} load
 * @param {number} rate
 * @param {Answer[]} answers
 * @returns {Point}
 */
export function point(load, rate, answers) {
	/** @param {number} status */
	const of = (status) => answers.filter((answer) => answer.status === status);
	const [good, refused, lost] = [of(200), of(503), of(0)];
	return {
		load,
		rate,
		p50: quantile(good, 0.5),
		p99: quantile(good, 0.99),
		answered: good.length / answers.length,
		refused: refused.length / answers.length,
		refused_p99: quantile(refused, 0.99),
		lost: lost.length / answers.length
	};
}

/**
 * @param {Answer[]} answers
 * @param {number} part
 */
function quantile(answers, part) {
	const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
