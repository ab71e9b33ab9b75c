/** Light headers do what the platform's do, whatever a program does with them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { install } from '../../runtime/web/install.js';
import { NativeHeaders } from '../../runtime/web/natives.js';
import { LightRequestHeaders } from '../../runtime/web/request-headers.js';
import { headers_init, headers_step, outcome, run_headers } from './programs.js';

install();
const program = fc.array(headers_step, { maxLength: 12 });

test('response headers: the same program has the same outcome', () => {
	fc.assert(
		fc.property(headers_init, program, (init, steps) => {
			/** @type {any[]} */
			const [native, light] = [NativeHeaders, Headers].map((constructor) => {
				let headers = /** @type {Headers | undefined} */ (undefined);
				const made = outcome(() => {
					headers = new constructor(/** @type {any} */ (init));
					return [...headers];
				});
				return [made, headers && run_headers(headers, steps, constructor)];
			});
			assert.deepEqual(light, native);
		}),
		{ numRuns: 5000 }
	);
});

test('request headers: the same program has the same outcome', () => {
	const line = fc.tuple(
		fc.constantFrom('a', 'accept', 'cookie', 'host', 'x-y', 'content-type', 'set-cookie'),
		fc.constantFrom('1', 'text/html', 'a=1', 'é', '')
	);
	fc.assert(
		fc.property(fc.array(line, { maxLength: 6 }), program, (lines, steps) => {
			// distinct names: how repeated ones are joined is Node's rule, tested elsewhere
			const entries = [...new Map(lines)];
			const native = run_headers(new NativeHeaders(entries), steps, NativeHeaders);
			const wire = entries.map(([name, value]) => `${name}\n${value}\n`).join('');
			const headers = /** @type {any} */ (new LightRequestHeaders(wire));
			assert.deepEqual(run_headers(headers, steps, Headers), native);
		}),
		{ numRuns: 3000 }
	);
});

test('a repeated request header that ends empty has no white space at its end', () => {
	const make = () => /** @type {any} */ (new LightRequestHeaders('a\n1\na\n\nb\n\nb\n\n'));
	assert.equal(make().get('a'), '1,');
	assert.equal(make().get('b'), ',');
	assert.deepEqual(
		[...make()],
		[
			['a', '1,'],
			['b', ',']
		]
	);
});

test('instanceof holds both ways, and the rest of the class is there', () => {
	const light = new Headers({ a: '1' });
	assert.ok(light instanceof NativeHeaders);
	assert.ok(new NativeHeaders() instanceof Headers);
	assert.equal(light.constructor, Headers);
	assert.equal(Object.prototype.toString.call(light), '[object Headers]');
	assert.equal(Headers.name, 'Headers');
	assert.equal(Headers.length, NativeHeaders.length);
	assert.deepEqual([...new NativeHeaders(light)], [['a', '1']]);
	class Sub extends Headers {
		twice() {
			return `${this.get('a')}${this.get('a')}`;
		}
	}
	assert.equal(new Sub({ a: '1' }).twice(), '11');
});
