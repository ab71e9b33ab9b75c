/**
 * The line that shows how far a pass over the files has come: rewritten in place on a terminal,
 * silent elsewhere. What is worth keeping is the summary, which the caller logs.
 */

const REFRESH_MS = 80;
const CLEAR_LINE = '\r\x1b[K';

/**
 * @typedef {object} Terminal
 * @property {boolean} [isTTY]
 * @property {(text: string) => unknown} write
 */

/**
 * @param {string} verb
 * @param {Terminal} [terminal]
 * @param {() => number} [now]
 */
export function progress_line(verb, terminal = process.stdout, now = Date.now) {
	let shown = -Infinity;

	return {
		/**
		 * @param {number} done
		 * @param {number} total
		 * @param {number} bytes
		 */
		update(done, total, bytes) {
			// A frame too many costs more than it tells; the last one is always drawn.
			if (!terminal.isTTY || (done < total && now() - shown < REFRESH_MS)) return;
			shown = now();
			terminal.write(`${CLEAR_LINE}  ${verb} ${done}/${total} files, ${human(bytes)}`);
		},
		end() {
			if (terminal.isTTY && shown !== -Infinity) terminal.write(CLEAR_LINE);
		}
	};
}

/** @param {number} bytes */
export function human(bytes) {
	if (bytes < 1024) return `${bytes} B`;
	if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
	return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
