/**
 * The static files of the parity app. They are written rather than committed: some have
 * names that not every file system or archive carries, and the large ones need no history.
 */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const line = 'The quick brown fox jumps over the lazy dog, again and again and again.\n';

/**
 * Bytes that do not compress and never change
 * @param {number} size
 */
function noise(size) {
	const bytes = Buffer.alloc(size);
	let state = 0x2545f491;
	for (let i = 0; i < size; i += 1) {
		// xorshift32
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		bytes[i] = state & 0xff;
	}
	return bytes;
}

/** @param {string} name */
const page = (name) => `<!doctype html>\n<title>${name}</title>\n${`<p>${name}</p>\n`.repeat(60)}`;

/** @type {Record<string, string | Buffer>} */
export const statics = {
	'plain.txt': line.repeat(40),
	'tiny.txt': 'tiny',
	'back\\slash.txt': 'its name holds a backslash',
	'empty.txt': '',
	'data.json': JSON.stringify({ list: Array.from({ length: 300 }, (_, i) => i) }),
	'script.js': `export const value = '${'x'.repeat(3000)}';\n`,
	'style.css': 'a { color: red; }\n'.repeat(100),
	'image.svg': `<svg xmlns="http://www.w3.org/2000/svg">${'<g/>'.repeat(400)}</svg>`,
	'picture.png': noise(5000),
	'large.bin': noise(400_000),
	'large.txt': line.repeat(6000),
	'no-extension': 'a file without an extension',
	'odd.unknownext': 'an extension nobody knows',
	'UPPER.TXT': 'upper case name and extension',
	'page.html': page('page.html'),
	'folder/index.html': page('folder/index.html'),
	'folder/inner.html': page('folder/inner.html'),
	'folder/deep/file.txt': line,
	'two.html': page('two.html'),
	'two/index.html': page('two/index.html'),
	'with space.txt': 'a space in its name',
	'ünïcode ☃.txt': 'beyond ASCII in its name',
	'encoded%2Fslash.txt': 'its name holds a literal %2F',
	'percent%25.txt': 'its name holds a literal %25',
	'lone%.txt': 'its name holds a lone percent sign',
	"quote'(1)[2]+&=~!$,;@.txt": 'punctuation in its name',
	'question?.txt': 'a question mark in its name',
	'hash#.txt': 'a hash in its name',
	'double//ignored.txt': 'the file system folds the slashes',
	'.hidden': 'never served',
	'.hidden-folder/file.txt': 'never served',
	'folder/.hidden.txt': 'never served',
	'.well-known/security.txt': 'Contact: mailto:nobody@example.test\n',
	'.well-known/.hidden': 'a dotfile below .well-known',
	'folder/.well-known/file.txt': 'not at the root',
	'robots.txt': 'User-agent: *\nDisallow:\n',
	'favicon.png': noise(300),
	'archive.tar.gz': zlib.gzipSync(noise(200)),
	'module.wasm': Buffer.concat([Buffer.from('\0asm'), noise(64)]),
	'lonely.txt.br': 'a file that is named like a variant of nothing',
	'params/asset': 'shadows a page of the app',
	'collision/index.html': page('collision: the static file')
};

/** @param {string} folder */
export function write_statics(folder) {
	for (const [name, content] of Object.entries(statics)) {
		const file = path.join(folder, name);
		fs.mkdirSync(path.dirname(file), { recursive: true });
		fs.writeFileSync(file, content);
	}
}
