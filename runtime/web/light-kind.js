/**
 * Tells the two kinds of light headers from each other and from real ones. By one field that
 * both have: engines find a private field quickly, and take long to find that there is none.
 */
import { NativeHeaders, made_like } from './natives.js';

const REQUEST = 1;
const RESPONSE = 2;

export class LightKind extends made_like(NativeHeaders.prototype) {
	static REQUEST = REQUEST;
	static RESPONSE = RESPONSE;

	#kind;

	/** @param {number} kind */
	constructor(kind) {
		super();
		this.#kind = kind;
	}

	/**
	 * @param {any} value
	 * @returns {number} 0: anything else
	 */
	static of(value) {
		return typeof value === 'object' && value !== null && #kind in value ? value.#kind : 0;
	}
}
