/** Whoever hears something that comes when it likes, and can be waited for. */
import { PATIENCE } from './patience.js';

export class Waiting {
	/** @type {Set<() => void>} */
	#waiting = new Set();

	/** Something has come */
	wake() {
		for (const waiter of this.#waiting) waiter();
	}

	/**
	 * What to say of it where nothing more comes
	 * @returns {unknown}
	 */
	state() {
		return {};
	}

	/**
	 * @template T
	 * @param {() => T | undefined} attempt made now and whenever something has come
	 * @param {string} what
	 * @param {number} [limit] in milliseconds
	 * @returns {Promise<T>}
	 */
	until(attempt, what, limit = PATIENCE) {
		return new Promise((resolve, reject) => {
			const stop = () => {
				clearTimeout(timer);
				this.#waiting.delete(check);
			};
			const check = () => {
				let value;
				try {
					value = attempt();
				} catch (error) {
					stop();
					reject(error);
					return;
				}
				if (value === undefined) return;
				stop();
				resolve(value);
			};
			const timer = setTimeout(() => {
				stop();
				const state = JSON.stringify(this.state()).slice(0, 500);
				reject(new Error(`${what} did not come within ${limit} ms: ${state}`));
			}, limit);
			this.#waiting.add(check);
			check();
		});
	}
}
