/** Light responses do what the platform's do, whatever a program does with them. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import test from 'node:test';
import fc from 'fast-check';
import { install } from '../../runtime/web/install.js';
import { NativeResponse } from '../../runtime/web/natives.js';
import {
	body_ops,
	headers_init,
	headers_step,
	outcome,
	outcome_of_promise,
	run_step
} from './programs.js';

install();

// thunks, as each side needs a body of its own
const body = fc.oneof(
	fc.string({ unit: 'binary', maxLength: 12 }).map((text) => () => text),
	fc.constantFrom(
		() => undefined,
		() => null,
		() => '{"a":1}',
		() => 'a=1&b=2',
		() => '\ud800',
		() => '\ufeff{"a":1}',
		() => '\ufeff\ufeffa',
		() => new Uint8Array([0xef, 0xbb, 0xbf, 65]),
		() => new Uint8Array(new SharedArrayBuffer(2)),
		() => new Uint8Array(new ArrayBuffer(2, { maxByteLength: 4 })),
		() => new ArrayBuffer(2, { maxByteLength: 4 }),
		() => detached(new Uint8Array(2)),
		() => detached(new Uint8Array(2)).buffer,
		() => new Uint16Array([65, 66]),
		() => new Uint8Array([1, 2, 0xff]),
		() => new Uint8Array([0, 65, 66, 0]).subarray(1, 3),
		() => Buffer.from('buffer'),
		() => new Uint8Array([67, 68]).buffer,
		() => new DataView(new ArrayBuffer(2)),
		() => new Blob(['blob'], { type: 'text/x' }),
		() => new URLSearchParams('a=1'),
		() => new Response('inner').body,
		() => 5,
		() => ({})
	)
);

/** @param {Uint8Array<ArrayBuffer>} bytes */
function detached(bytes) {
	structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
	return bytes;
}

const status = fc.constantFrom(
	undefined,
	200,
	201,
	204,
	205,
	304,
	404,
	500,
	599,
	199,
	600,
	0,
	'201',
	200.5,
	null
);

const init = fc.oneof(
	fc.constantFrom(undefined, null, 1, {}),
	fc.record(
		{ status, statusText: fc.constantFrom('', 'Fine', 'a\nb', undefined), headers: headers_init },
		{ requiredKeys: [] }
	)
);

const step = fc.oneof(
	fc.constantFrom(...body_ops, 'clone', 'tee', 'rewrap').map((op) => ({ op, args: [] })),
	headers_step
);

/**
 * @param {Response} response
 * @param {Array<{ op: string, args: readonly unknown[] }>} program
 * @param {typeof Response} constructor
 */
async function run(response, program, constructor) {
	/** @type {unknown[]} */
	const seen = [];
	for (const one of program) {
		seen.push(one.op, await perform(response, one, constructor));
		seen.push(state(response));
	}
	return seen;
}

/**
 * @param {Response} response
 * @param {{ op: string, args: readonly unknown[] }} step
 * @param {typeof Response} constructor
 * @returns {Promise<unknown>}
 */
async function perform(response, step, constructor) {
	switch (step.op) {
		case 'clone':
			return outcome_of_promise(async () => {
				const clone = response.clone();
				clone.headers.append('x-clone', '1');
				return [state(clone), await clone.text(), response.headers.has('x-clone')];
			});
		case 'tee':
			return outcome_of_promise(async () => {
				if (response.body === null) return 'none';
				const [one, two] = response.body.tee();
				return [await new constructor(one).text(), await new constructor(two).text()];
			});
		case 'rewrap':
			return outcome_of_promise(async () => {
				const again = new constructor(response.body, response);
				return [state(again), await again.text()];
			});
		default:
			return run_step(response, step);
	}
}

/** @param {Response} response */
function state(response) {
	const { status, statusText, ok, type, url, redirected, bodyUsed } = response;
	return {
		status,
		statusText,
		ok,
		type,
		url,
		redirected,
		bodyUsed,
		headers: [...response.headers]
	};
}

test('the same program has the same outcome', async () => {
	await fc.assert(
		fc.asyncProperty(
			body,
			init,
			fc.array(step, { maxLength: 6 }),
			async (make_body, init, program) => {
				const sides = [];
				for (const constructor of [NativeResponse, Response]) {
					/** @type {Response | undefined} */
					let response;
					const made = outcome(() => {
						response = new constructor(/** @type {any} */ (make_body()), /** @type {any} */ (init));
						return state(response);
					});
					sides.push([made, response && (await run(response, program, constructor))]);
				}
				assert.deepEqual(sides[1], sides[0]);
			}
		),
		{ numRuns: 4000 }
	);
});

test('Response.json, redirect and error', () => {
	const data = fc.oneof(
		fc.jsonValue(),
		fc.constantFrom(undefined, () => 1)
	);
	fc.assert(
		fc.property(data, init, (data, init) => {
			const [native, light] = [NativeResponse, Response].map((constructor) =>
				outcome(() => state(constructor.json(data, /** @type {any} */ (init))))
			);
			assert.deepEqual(light, native);
		}),
		{ numRuns: 2000 }
	);
	assert.equal(Response.redirect('http://a.b/', 301).headers.get('location'), 'http://a.b/');
	assert.throws(() => Response.redirect('http://a.b/', 200), RangeError);
	assert.equal(Response.error().type, 'error');
});

test('it is a Response to everyone who asks', async () => {
	const light = new Response('x', { headers: { a: '1' } });
	assert.ok(light instanceof NativeResponse);
	assert.ok(new NativeResponse() instanceof Response);
	assert.equal(light.constructor, Response);
	assert.equal(Object.prototype.toString.call(light), '[object Response]');
	assert.deepEqual([Response.name, Response.length], [NativeResponse.name, NativeResponse.length]);
	assert.equal(light.headers, light.headers);
	assert.equal(light.body, light.body);
	assert.match(inspect(light), /^Response \{/);
	class Sub extends Response {}
	const sub = new Sub('sub', { status: 201 });
	assert.ok(sub instanceof Sub && sub instanceof Response);
	assert.equal(await sub.text(), 'sub');
	const [major, minor] = process.versions.node.split('.').map(Number);
	if (major > 22 || (major === 22 && minor >= 10)) {
		assert.throws(() => structuredClone(light), { name: 'DataCloneError' });
	}
});

test('bytes that their owner changes later are not changed in the response', async () => {
	const bytes = new Uint8Array([65]);
	const response = new Response(bytes);
	bytes[0] = 66;
	assert.equal(await response.text(), 'A');
});
