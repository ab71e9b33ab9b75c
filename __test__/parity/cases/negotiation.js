/** Static files: encodings, conditionals and ranges, in every form clients send them. */
import crypto from 'node:crypto';
import { statics } from '../../harness/statics.js';
import { define, get, request } from '../case.js';

const encodings = [
	'br',
	'gzip',
	'gzip, br',
	'br, gzip',
	'gzip, deflate, br, zstd',
	'deflate',
	'identity',
	'*',
	'*;q=0',
	'*;q=0.5, gzip;q=0.2',
	'br;q=0',
	'br;q=0, gzip',
	'br;q=0.0, gzip;q=0.001',
	'br;q=0.5, gzip;q=1.0',
	'br;q=1, gzip;q=1',
	'gzip;q=0.8, br;q=0.8',
	'br;q=0,*',
	'identity;q=0, gzip;q=0.1',
	'identity;q=1, br;q=0.1',
	' gzip ;q= 0.4 ,\tbr; q=0.3',
	'GZIP, BR;Q=0.1',
	'gzip;level=9;q=0.1, br;q=0.2',
	'gzip;q=nonsense',
	'gzip;q=2',
	'gzip;q=-1',
	'gzip;q=',
	'gzip;q',
	',,gzip,,',
	'x-gzip',
	'brotli',
	'',
	';q=1',
	'br;q=1;q=0'
];

const not_match = (/** @type {string} */ etag) => [
	['the tag', etag],
	['weak form', `W/${etag}`],
	['in a list', `"a", ${etag} , "b"`],
	['in a list without spaces', `"a",W/${etag},"b"`],
	['star', '*'],
	['star with spaces', ' * '],
	['star in a list', '"a", *'],
	['another tag', '"other"'],
	['without quotes', etag.slice(1, -1)],
	['lower-case weak prefix', `w/${etag}`],
	['empty', ''],
	['nonsense', '"unterminated']
];

const ranges = [
	['first byte', 206, 'bytes=0-0'],
	['first ten', 206, 'bytes=0-9'],
	['middle', 206, 'bytes=100-199'],
	['to the end', 206, 'bytes=2800-'],
	['whole by range', 206, 'bytes=0-'],
	['last byte', 206, 'bytes=-1'],
	['suffix', 206, 'bytes=-100'],
	['suffix beyond the size', 206, 'bytes=-999999'],
	['suffix of nothing', 416, 'bytes=-0'],
	['end beyond the size', 206, 'bytes=10-999999'],
	['start at the size', 416, 'bytes=2880-'],
	['start beyond the size', 416, 'bytes=999999-'],
	['last valid start', 206, 'bytes=2879-'],
	['end before start', 416, 'bytes=20-10'],
	['huge end', 206, 'bytes=0-99999999999999999999999999'],
	['huge start', 416, 'bytes=99999999999999999999999999-'],
	['both huge', 416, 'bytes=99999999999999999999-99999999999999999999'],
	['huge suffix', 206, 'bytes=-99999999999999999999999999'],
	['end at 2^64', 206, 'bytes=0-18446744073709551616'],
	['leading zeros', 206, 'bytes=000-0009'],
	['two ranges', 200, 'bytes=0-1,4-5'],
	['two ranges with a space', 200, 'bytes=0-1, 4-5'],
	['trailing comma', 200, 'bytes=0-1,'],
	['no numbers', 200, 'bytes=-'],
	['nothing', 200, 'bytes='],
	['no dash', 200, 'bytes=5'],
	['other unit', 200, 'lines=0-1'],
	['upper-case unit', 200, 'Bytes=0-1'],
	['space after the unit', 200, 'bytes= 0-1'],
	['space around the dash', 200, 'bytes=0 - 1'],
	['plus sign', 200, 'bytes=+0-1'],
	['hexadecimal', 200, 'bytes=0x0-0x1'],
	['empty header', 200, ''],
	['without a unit', 200, '0-1']
];

const hash = crypto.createHash('sha256').update(statics['plain.txt']).digest('base64url');
const plain_etag = `"${hash}"`;

export default [
	...encodings.map((value) =>
		define(
			`encoding/text: ${JSON.stringify(value)}`,
			200,
			get('/plain.txt', { 'accept-encoding': value })
		)
	),
	...['br', 'gzip', 'gzip, br', '*'].flatMap((value) => [
		define(
			`encoding/no variants: ${value}`,
			200,
			get('/picture.png', { 'accept-encoding': value })
		),
		define(`encoding/tiny file: ${value}`, 200, get('/tiny.txt', { 'accept-encoding': value })),
		define(`encoding/large: ${value}`, 200, get('/large.txt', { 'accept-encoding': value })),
		define(`encoding/prerendered: ${value}`, 200, get('/pre/never', { 'accept-encoding': value })),
		define(`encoding/alias: ${value}`, 200, get('/page', { 'accept-encoding': value }))
	]),
	define(
		'encoding/HEAD',
		200,
		request('HEAD', '/plain.txt', { headers: { 'accept-encoding': 'br' } })
	),
	define(
		'encoding/two lines',
		200,
		get('/plain.txt', { 'accept-encoding': ['gzip;q=0.5', 'br;q=0.4'] })
	),
	define('encoding/empty file', 200, get('/empty.txt', { 'accept-encoding': 'br' })),
	define('encoding/SSR has no variants', 200, get('/', { 'accept-encoding': 'br' })),
	define('encoding/redirect has no variants', 308, get('/pre/never/', { 'accept-encoding': 'br' })),

	...not_match(plain_etag).map(([name, value]) => {
		const hit =
			/^(the tag|weak form|in a list|in a list without spaces|star|star with spaces)$/.test(name);
		return define(
			`conditional/if-none-match: ${name}`,
			hit ? 304 : 200,
			get('/plain.txt', { 'if-none-match': value }),
			{ kits: [3] }
		);
	}),
	define('conditional/star', 304, get('/picture.png', { 'if-none-match': '*' }), { kits: [3] }),
	define(
		'conditional/star on a prerendered page',
		304,
		get('/pre/never', { 'if-none-match': '*' }),
		{ kits: [3] }
	),
	define(
		'conditional/star on HEAD',
		304,
		request('HEAD', '/plain.txt', { headers: { 'if-none-match': '*' } }),
		{ kits: [3] }
	),
	define(
		'conditional/star on POST',
		405,
		request('POST', '/plain.txt', { headers: { 'if-none-match': '*' } }),
		{ kits: [3] }
	),
	define(
		'conditional/two lines',
		304,
		get('/plain.txt', { 'if-none-match': ['"a"', plain_etag] }),
		{ kits: [3] }
	),
	define(
		'conditional/tag of another variant',
		200,
		get('/plain.txt', { 'if-none-match': plain_etag, 'accept-encoding': 'br' }),
		{ kits: [3] }
	),
	define(
		'conditional/tag of this variant',
		304,
		get('/plain.txt', {
			'if-none-match': `${plain_etag.slice(0, -1)}.br"`,
			'accept-encoding': 'br'
		}),
		{ kits: [3] }
	),
	define(
		'conditional/tag of the gzip variant',
		304,
		get('/plain.txt', {
			'if-none-match': `${plain_etag.slice(0, -1)}.gz"`,
			'accept-encoding': 'gzip'
		}),
		{ kits: [3] }
	),
	define(
		'conditional/304 before a range',
		304,
		get('/plain.txt', { 'if-none-match': '*', range: 'bytes=0-1' }),
		{ kits: [3] }
	),
	define(
		'conditional/if-modified-since is not looked at',
		200,
		get('/plain.txt', { 'if-modified-since': 'Thu, 01 Jan 2099 00:00:00 GMT' })
	),
	define(
		'conditional/if-match is not looked at',
		200,
		get('/plain.txt', { 'if-match': '"other"' })
	),
	define(
		'conditional/if-unmodified-since is not looked at',
		200,
		get('/plain.txt', { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' })
	),
	define(
		'conditional/star on SSR without a tag',
		200,
		get('/api/respond/string', { 'if-none-match': '*' })
	),

	...ranges.map(([name, status, value]) =>
		define(`range/${name}`, Number(status), get('/plain.txt', { range: String(value) }), {
			kits: [3]
		})
	),
	...[
		['bytes=0-9', 206],
		['bytes=131072-131081', 206],
		['bytes=-10', 206],
		['bytes=399999-', 206],
		['bytes=400000-', 416],
		['bytes=1000-398999', 206]
	].map(([value, status]) =>
		define(
			`range/large file: ${value}`,
			Number(status),
			get('/large.bin', { range: String(value) })
		)
	),
	define('range/empty file', 416, get('/empty.txt', { range: 'bytes=0-0' }), { kits: [3] }),
	define('range/empty file, suffix', 416, get('/empty.txt', { range: 'bytes=-5' }), { kits: [3] }),
	define('range/HEAD', 206, request('HEAD', '/plain.txt', { headers: { range: 'bytes=0-9' } })),
	define(
		'range/HEAD not satisfiable',
		416,
		request('HEAD', '/plain.txt', { headers: { range: 'bytes=9999-' } })
	),
	define('range/two lines', 200, get('/plain.txt', { range: ['bytes=0-1', 'bytes=4-5'] }), {
		kits: [3]
	}),
	define(
		'range/on a variant',
		206,
		get('/plain.txt', { range: 'bytes=0-9', 'accept-encoding': 'br' })
	),
	define(
		'range/suffix on a variant',
		206,
		get('/plain.txt', { range: 'bytes=-9', 'accept-encoding': 'gzip' })
	),
	define(
		'range/beyond the variant',
		416,
		get('/large.txt', { range: 'bytes=300000-', 'accept-encoding': 'gzip' })
	),
	define('range/prerendered page', 206, get('/pre/never', { range: 'bytes=0-14' })),
	define('range/alias', 206, get('/page', { range: 'bytes=0-14' })),
	define('range/SSR ignores ranges', 200, get('/api/respond/string', { range: 'bytes=0-1' })),
	define(
		'range/if-range matches',
		206,
		get('/plain.txt', { range: 'bytes=0-1', 'if-range': plain_etag }),
		{ kits: [3] }
	),
	define(
		'range/if-range is weak',
		200,
		get('/plain.txt', { range: 'bytes=0-1', 'if-range': `W/${plain_etag}` }),
		{ kits: [3] }
	),
	define(
		'range/if-range differs',
		200,
		get('/plain.txt', { range: 'bytes=0-1', 'if-range': '"other"' }),
		{ kits: [3] }
	),
	define(
		'range/if-range is a date',
		200,
		get('/plain.txt', { range: 'bytes=0-1', 'if-range': 'Thu, 01 Jan 2099 00:00:00 GMT' }),
		{ kits: [3] }
	),
	define('range/if-range empty', 206, get('/plain.txt', { range: 'bytes=0-1', 'if-range': '' }), {
		kits: [3]
	}),
	define(
		'range/if-range names the identity of a variant',
		200,
		get('/plain.txt', { range: 'bytes=0-1', 'if-range': plain_etag, 'accept-encoding': 'br' }),
		{ kits: [3] }
	),
	define('range/if-range without range', 200, get('/plain.txt', { 'if-range': '"other"' })),
	define(
		'range/if-range differs, not satisfiable',
		200,
		get('/plain.txt', { range: 'bytes=9999-', 'if-range': '"other"' }),
		{ kits: [3] }
	)
];
