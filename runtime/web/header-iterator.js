/**
 * Iterators over light headers. They see changes made while they run, as the standard wants
 * it (https://webidl.spec.whatwg.org/#js-default-iterator-object).
 */
import { iterator_prototype, made_like, of_iterator } from './natives.js';

/** @template T */
export class LightIterator extends made_like(iterator_prototype) {
	#index = 0;
	#sorted;
	#pick;

	/**
	 * @param {() => Array<[string, string]>} sorted the entries of now
	 * @param {(entry: [string, string]) => T} pick
	 */
	constructor(sorted, pick) {
		super();
		this.#sorted = sorted;
		this.#pick = pick;
	}

	/** @returns {IteratorResult<T, undefined>} */
	next() {
		if (!(#index in this)) return Reflect.apply(of_iterator.next, this, arguments);
		const entries = this.#sorted();
		if (this.#index >= entries.length) return { value: undefined, done: true };
		return { value: this.#pick(entries[this.#index++]), done: false };
	}
}
