/** A form of a light request has the entries that the platform reads, whatever the client sent. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { install } from '../../runtime/web/install.js';
import { NativeRequest } from '../../runtime/web/natives.js';
import { light_request } from './light-request.js';
import { outcome_of_promise } from './programs.js';

install();

const TYPE = 'application/x-www-form-urlencoded';

const types = fc.constantFrom(
	TYPE,
	TYPE.toUpperCase(),
	`${TYPE};charset=utf-8`,
	`${TYPE}; charset=UTF-8`,
	`${TYPE}; charset=iso-8859-1`,
	`${TYPE} ; x=y`,
	`${TYPE}x`,
	`text/plain, ${TYPE}`,
	`${TYPE}, text/plain`,
	'text/plain'
);

const bodies = fc
	.array(
		fc.oneof(
			fc.constantFrom(
				...['&', '=', '+', '%', '?', '%C3%A9', '%ff', '%0', '%00', '\0', '\r\n', '#']
			),
			fc.constantFrom('\u00e9', '\ufeff', '\u{1f600}', 'name', 'a b'),
			fc.string({ maxLength: 5 })
		),
		{ maxLength: 12 }
	)
	.map((parts) => parts.join(''));

/** @param {Request} request */
async function entries(request) {
	const form = await request.formData();
	assert.ok(form instanceof FormData);
	return JSON.stringify([...form]);
}

test('what comes in is read as the platform reads it', async () => {
	await fc.assert(
		fc.asyncProperty(types, bodies, async (type, body) => {
			const native = new NativeRequest('https://a.test/', {
				method: 'POST',
				headers: { 'content-type': type },
				body: new TextEncoder().encode(body)
			});
			const light = light_request({ type, body });
			assert.deepEqual(
				await outcome_of_promise(() => entries(light)),
				await outcome_of_promise(() => entries(native))
			);
			assert.equal(light.bodyUsed, true);
		}),
		{ numRuns: 2000 }
	);
});

test('a form is read once, and can be changed', async () => {
	const request = light_request({ type: TYPE, body: 'a=1&b=two+words&a=%C3%BC' });
	const form = await request.formData();
	assert.deepEqual(form.getAll('a'), ['1', 'ü']);
	assert.equal(form.get('b'), 'two words');
	form.append('file', new Blob(['x']), 'x.txt');
	assert.equal([...form].length, 4);
	await assert.rejects(request.formData(), TypeError);
});
