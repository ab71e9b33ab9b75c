/** What is sent through the addon, and what is shown meanwhile. The addon here is a stand-in. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { measure } from '../../adapter/measure.js';
import { human, progress_line } from '../../adapter/progress.js';

const out = mkdtempSync(join(tmpdir(), 'oxide-measure-'));
after(() => rmSync(out, { recursive: true }));

for (const file of [
	'client/b/a.js',
	'client/b/p.png',
	'client/b/.env',
	'client/b/.well-known/x',
	'prerendered/b/i.html'
]) {
	mkdirSync(dirname(join(out, file)), { recursive: true });
	writeFileSync(join(out, file), file);
}
symlinkSync(join(out, 'client/b/p.png'), join(out, 'client/b/link.png'));

function stand_in() {
	/** @type {Array<{ files: string[], encodings: object }>} */
	const calls = [];
	return {
		calls,
		/** @type {import('../../adapter/measure.js').MeasureAndCompress} */
		async measureAndCompress(root, files, encodings, on_progress) {
			assert.equal(root, out);
			calls.push({ files, encodings });
			on_progress(files.length, files.length, 100);
			return files.map((file) => ({
				file,
				size: 10,
				etag: file,
				...(encodings.brotli && { br: 4 })
			}));
		}
	};
}

/** @param {string[]} lines */
const log = (lines) => ({ minor: (/** @type {string} */ line) => void lines.push(line) });
const DIRECTORIES = ['client/b', 'prerendered/b'];

test('text is compressed, the rest is measured, hidden files are neither', async () => {
	const addon = stand_in();
	/** @type {string[]} */
	const lines = [];
	const encodings = { brotli: true, gzip: false, zstd: false };
	const [client, prerendered] = await measure(addon, out, DIRECTORIES, encodings, log(lines));

	assert.deepEqual(addon.calls, [
		{ files: ['client/b/a.js', 'prerendered/b/i.html'], encodings },
		{
			files: ['client/b/.well-known/x', 'client/b/link.png', 'client/b/p.png'],
			encodings: { brotli: false, gzip: false, zstd: false }
		}
	]);
	assert.deepEqual(client.map(({ file, br }) => [file, br]).sort(), [
		['.well-known/x', undefined],
		['a.js', 4],
		['link.png', undefined],
		['p.png', undefined]
	]);
	assert.deepEqual(prerendered, [
		{ file: 'i.html', size: 10, etag: 'prerendered/b/i.html', br: 4 }
	]);
	assert.deepEqual(lines, ['Hashed 5 files, 50 B; brotli 2 files 20 B -> 8 B']);
});

test('without encodings there is one pass', async () => {
	const addon = stand_in();
	await measure(addon, out, DIRECTORIES, { brotli: false, gzip: false, zstd: false }, log([]));
	assert.equal(addon.calls.length, 1);
	assert.equal(addon.calls[0].files.length, 5);
});

test('directories that are not there have no files', async () => {
	const addon = stand_in();
	const encodings = { brotli: true, gzip: true, zstd: false };
	assert.deepEqual(await measure(addon, out, ['nothing'], encodings, log([])), [[]]);
	assert.deepEqual(addon.calls, []);
});

/** @param {boolean} isTTY */
function terminal(isTTY) {
	let text = '';
	return { isTTY, write: (/** @type {string} */ more) => void (text += more), text: () => text };
}

test('the progress line is rewritten in place, and not too often', () => {
	let now = 0;
	const screen = terminal(true);
	const line = progress_line('Compressing', screen, () => now);
	line.update(1, 3, 1024);
	line.update(2, 3, 2048);
	now = 1000;
	line.update(2, 3, 2048);
	line.update(3, 3, 3 * 1024 * 1024);
	line.end();
	assert.deepEqual(screen.text().split('\r\x1b[K'), [
		'',
		'  Compressing 1/3 files, 1.0 KiB',
		'  Compressing 2/3 files, 2.0 KiB',
		'  Compressing 3/3 files, 3.0 MiB',
		''
	]);
});

test('where there is no terminal, no line is drawn', () => {
	const file = terminal(false);
	const line = progress_line('Compressing', file);
	line.update(1, 1, 1);
	line.end();
	assert.equal(file.text(), '');
	assert.equal(human(1023), '1023 B');
});
