/** What a bench leaves behind: on which machine it ran, and its files in `benches/results/`. */

import fs from 'node:fs';
import os from 'node:os';
import { run } from './command.js';
import { at, NODE } from './places.js';

/** @typedef {Awaited<ReturnType<typeof machine>>} Machine */

/** What figures belong to; without it they say nothing. */
export async function machine() {
	const version = await run(NODE, ['--version'], { quiet: true });
	const kit = fs.readFileSync(at('node_modules', '@sveltejs', 'kit', 'package.json'), 'utf8');
	return {
		cpu: `${os.cpus()[0].model.trim()}, ${os.cpus().length} cores`,
		kernel: os.release(),
		node: version.trim().slice(1),
		kit: /** @type {string} */ (JSON.parse(kit).version),
		date: new Date().toISOString().slice(0, 10)
	};
}

/**
 * @param {string} file
 */
export const result = (file) => at('benches', 'results', file);

/**
 * Replaces a bench's results
 * @param {string} name of the bench
 * @param {{ json: unknown, md: string, svg?: string }} files
 */
export function write_results(name, { json, md, svg }) {
	fs.mkdirSync(at('benches', 'results'), { recursive: true });
	fs.writeFileSync(result(`${name}.json`), `${JSON.stringify(json, null, '\t')}\n`);
	fs.writeFileSync(result(`${name}.md`), md);
	if (svg !== undefined) fs.writeFileSync(result(`${name}.svg`), svg);
}
