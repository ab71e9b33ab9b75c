/**
 * SvelteKit's hash, with the same result in a third of the time. SvelteKit 3 hashes every page it
 * renders, character by character, for its `etag`; on a string that was put together from pieces,
 * as a page is, each of those reads looks for the character's place anew. On a page of 6 KB that is
 * more than the rest of SvelteKit's own bookkeeping. Here the text is copied out once and read as
 * memory.
 *
 * Only the loop that is known to the letter is replaced; any other version is left as it is.
 */

const MODULE = /\/@sveltejs\/kit\/src\/utils\/hash\.js$/;

const LOOP =
	/let i = value\.length;(\s+)while \(i\) hash = \(hash \* 33\) \^ value\.charCodeAt\(--i\);/;

/** Shorter texts are hashed before they would be copied. */
const MIN = 64;

/** Units of the longest text that is copied. */
const MAX = 128 * 1024;

/**
 * The replacement for the loop; it becomes part of SvelteKit's module by its source text, so it
 * uses nothing from here. A product that stays in 32 bits agrees with one in doubles in the 32 that
 * `^` leaves of it. The loops are spelled so that V8 keeps all of them in integers: with `--i` for
 * an index, or as a function of their own, they take several times as long.
 */
const fold_text = `
const fold_units = new Uint16Array(${MAX});
const fold_bytes = Buffer.from(fold_units.buffer);
function fold_text(seed, text) {
	const length = text.length;
	let hash = seed | 0;
	if (length < ${MIN} || length > ${MAX}) {
		for (let i = length - 1; i >= 0; i--) hash = Math.imul(hash, 33) ^ text.charCodeAt(i);
	} else if (/[^\\0-\\xff]/.test(text)) {
		fold_bytes.ucs2Write(text, 0);
		const units = fold_units;
		for (let i = length - 1; i >= 0; i--) hash = (Math.imul(hash, 33) ^ units[i]) | 0;
	} else {
		fold_bytes.latin1Write(text, 0);
		const bytes = fold_bytes;
		for (let i = length - 1; i >= 0; i--) hash = (Math.imul(hash, 33) ^ bytes[i]) | 0;
	}
	return hash;
}
`;

/**
 * @param {string} code of SvelteKit's module
 * @returns {string | null} `null`: it is not the one that is known
 */
export function faster_hash(code) {
	if (!LOOP.test(code)) return null;
	// on the same lines as before, so that the positions of what is around it stay true
	return code.replace(LOOP, (_, space) => `hash = fold_text(hash, value);${space}`) + fold_text;
}

/** @returns {import('vite').Plugin} */
export function hash_plugin() {
	return {
		name: 'svelte-adapter-oxide:hash',
		apply: 'build',
		enforce: 'pre',
		// browsers keep SvelteKit's own: there is no `Buffer`
		applyToEnvironment: (environment) => environment.name === 'ssr',
		transform: {
			filter: { id: MODULE },
			handler(code) {
				const faster = faster_hash(code);
				return faster === null ? null : { code: faster, map: null };
			}
		}
	};
}
