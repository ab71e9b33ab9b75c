/**
 * Light objects handed to the platform and back: to `fetch`, to constructors, and what the
 * platform makes itself. Guards and errors of bodies are the platform's too.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import test, { after, before } from 'node:test';
import { install } from '../../runtime/web/install.js';
import { LightResponse } from '../../runtime/web/response.js';
import { NativeRequest, NativeResponse } from '../../runtime/web/natives.js';
import { light_request } from './light-request.js';

install();

const FORM = 'application/x-www-form-urlencoded';

/** Tells what it was sent. */
const server = http.createServer((request, response) => {
	let body = '';
	request.on('data', (chunk) => (body += chunk));
	request.on('end', () => {
		const { method, url, headers } = request;
		response.setHeader('set-cookie', ['a=1', 'b=2']);
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify({ method, url, headers, body }));
	});
});
/** @type {string} */
let origin;

before(async () => {
	await new Promise((fulfil) => server.listen(0, '127.0.0.1', () => fulfil(undefined)));
	origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
});

after(() => {
	server.close();
	server.closeAllConnections();
});

test('fetch takes a light request, whole, and leaves it read', async () => {
	const request = light_request({
		origin,
		headers: { 'x-a': '1', cookie: 'c=1; d=2' },
		body: 'a=1',
		type: FORM
	});
	const sent = await (await fetch(request)).json();
	assert.deepEqual([sent.method, sent.url, sent.body], ['POST', '/', 'a=1']);
	assert.deepEqual([sent.headers['x-a'], sent.headers.cookie], ['1', 'c=1; d=2']);
	assert.equal(sent.headers['content-type'], FORM);
	assert.ok(request.bodyUsed);
	await assert.rejects(request.text(), TypeError);
	await assert.rejects(fetch(request), TypeError);
});

test('fetch takes light headers, a light body, and a light request as init', async () => {
	const headers = new Headers({ 'X-A': '1' });
	headers.append('x-a', '2');
	const echoed = await (await fetch(origin, { headers })).json();
	assert.equal(echoed.headers['x-a'], '1, 2');

	const incoming = light_request({ headers: { 'x-a': '3' }, body: 'b' });
	const passed = await fetch(origin, {
		method: 'POST',
		headers: incoming.headers,
		body: new Response('light').body,
		// @ts-expect-error required with a stream, unknown to TypeScript's DOM types
		duplex: 'half'
	});
	const { body, headers: received } = await passed.json();
	assert.deepEqual([body, received['x-a']], ['light', '3']);

	const as_init = await (await fetch(origin, incoming)).json();
	assert.deepEqual([as_init.method, as_init.body, as_init.headers['x-a']], ['POST', 'b', '3']);
});

test('what fetch returns is the platform’s, and can be passed on', async () => {
	const response = await fetch(origin);
	assert.ok(response instanceof Response && !LightResponse.is(response));
	assert.equal(response.constructor, Response);
	assert.deepEqual(
		[response.url, response.type, response.statusText],
		[`${origin}/`, 'basic', 'OK']
	);
	assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
	assert.throws(() => response.headers.set('a', '1'), TypeError);

	const clone = response.clone();
	const again = new Response(response.body, response);
	again.headers.set('x-more', '1');
	assert.deepEqual(again.headers.getSetCookie(), ['a=1', 'b=2']);
	assert.equal(again.statusText, 'OK');
	assert.equal((await again.json()).method, 'GET');
	assert.equal((await clone.json()).method, 'GET');
	assert.ok(response.bodyUsed);
	// its headers in a response of our own
	const own = new Response('own', { headers: clone.headers });
	assert.deepEqual(own.headers.getSetCookie(), ['a=1', 'b=2']);
	assert.deepEqual(new Headers(clone.headers).getSetCookie(), ['a=1', 'b=2']);
});

test('a request of a light request takes its body, signal and headers along', async () => {
	const controller = new AbortController();
	const request = light_request({ headers: { 'x-a': '1' }, body: 'a=1', type: FORM });
	const again = new Request(request, { signal: controller.signal, headers: { 'x-b': '2' } });
	assert.ok(again instanceof NativeRequest);
	assert.deepEqual([...again.headers], [['x-b', '2']]);
	assert.equal(again.method, 'POST');
	assert.equal(await again.text(), 'a=1');
	assert.ok(request.bodyUsed);
	controller.abort();
	assert.ok(again.signal.aborted && !request.signal.aborted);
	assert.throws(() => new Request(request), TypeError);

	const moved = new Request('https://b.test/', light_request({ body: 'x', type: 'text/plain' }));
	assert.deepEqual([moved.url, moved.method], ['https://b.test/', 'POST']);
	assert.equal(await moved.text(), 'x');
});

test('a clone of a light request is independent of it', async () => {
	const request = light_request({ headers: { a: '1' }, body: '{"a":1}', type: 'application/json' });
	const clone = request.clone();
	clone.headers.set('a', '2');
	assert.equal(request.headers.get('a'), '1');
	assert.deepEqual(await clone.json(), { a: 1 });
	assert.deepEqual([clone.bodyUsed, request.bodyUsed], [true, false]);
	assert.deepEqual(await request.json(), { a: 1 });
	assert.throws(() => request.clone(), TypeError);
});

test('a response of a light response’s body, and tee', async () => {
	const light = new Response('text', { status: 201, headers: { a: '1', 'set-cookie': 'c=1' } });
	const again = new Response(light.body, light);
	assert.deepEqual([again.status, again.headers.get('a')], [201, '1']);
	assert.deepEqual(again.headers.getSetCookie(), ['c=1']);
	assert.equal(again.headers.get('content-type'), 'text/plain;charset=UTF-8');
	assert.equal(await again.text(), 'text');
	assert.ok(light.bodyUsed);

	const source = new Response(new Uint8Array([65, 66]));
	const [one, two] = /** @type {ReadableStream} */ (source.body).tee();
	assert.ok(/** @type {ReadableStream} */ (source.body).locked);
	assert.deepEqual([await new Response(one).text(), await new Response(two).text()], ['AB', 'AB']);
	await assert.rejects(source.text(), TypeError);
	const reader = /** @type {any} */ (new Response('bytes').body).getReader({ mode: 'byob' });
	const { value } = await reader.read(new Uint8Array(3));
	assert.equal(Buffer.from(value).toString(), 'byt');
});

test('a body can be read once, by whatever reads it', async () => {
	const readers = /** @type {const} */ (['text', 'json', 'arrayBuffer', 'blob', 'formData']);
	for (const first of readers) {
		for (const second of readers) {
			const type = first === 'formData' ? FORM : 'application/json';
			for (const object of [
				new Response('1', { headers: { 'content-type': type } }),
				light_request({ body: '1', type })
			]) {
				assert.equal(object.bodyUsed, false);
				await object[first]();
				assert.equal(object.bodyUsed, true);
				await assert.rejects(object[second](), TypeError);
				assert.throws(() => object.clone(), TypeError);
				const native = new NativeResponse('1', { headers: { 'content-type': type } });
				await native[first]();
				assert.equal(object.body?.locked, native.body?.locked);
			}
		}
	}
});

test('a body that is locked or cannot be parsed is refused as by the platform', async () => {
	for (const make of [() => new Response('{'), () => light_request({ body: '{' })]) {
		const locked = make();
		const reader = /** @type {ReadableStream} */ (locked.body).getReader();
		await assert.rejects(locked.text(), TypeError);
		assert.equal(locked.bodyUsed, false);
		assert.throws(() => locked.clone(), TypeError);
		reader.releaseLock();
		assert.equal(await locked.text(), '{');

		const broken = make();
		await assert.rejects(broken.json(), SyntaxError);
		assert.ok(broken.bodyUsed);
		await assert.rejects(make().formData(), TypeError);

		const cancelled = make();
		await /** @type {ReadableStream} */ (cancelled.body).cancel();
		assert.ok(cancelled.bodyUsed);
		await assert.rejects(cancelled.text(), TypeError);
	}
	// without a body there is nothing to use up
	for (const empty of [new Response(), new Response(null, { status: 204 }), light_request()]) {
		assert.equal(empty.body, null);
		assert.deepEqual([await empty.text(), await empty.text()], ['', '']);
		assert.equal(empty.bodyUsed, false);
		await assert.rejects(empty.json(), SyntaxError);
	}
});

test('headers have the guards of the platform’s', () => {
	for (const response of [Response.error(), Response.redirect('https://a.test/', 303)]) {
		for (const change of [
			() => response.headers.set('a', '1'),
			() => response.headers.append('a', '1'),
			() => response.headers.delete('location')
		]) {
			assert.throws(change, TypeError);
		}
	}
	assert.deepEqual([Response.error().status, Response.error().type], [0, 'error']);
	assert.equal(Response.error().body, null);
	for (const open of [new Response(), Response.json(1), new NativeResponse(), light_request()]) {
		open.headers.set('Set-Cookie', 'a=1');
		open.headers.append('set-cookie', 'b=2');
		open.headers.set('connection', 'close');
		assert.deepEqual(open.headers.getSetCookie(), ['a=1', 'b=2']);
		assert.equal(open.headers.get('connection'), 'close');
	}
	assert.deepEqual(
		[301, 302, 303, 307, 308].map((status) => Response.redirect('https://a.test/', status).status),
		[301, 302, 303, 307, 308]
	);
	for (const status of [200, 300, 304, 309]) {
		assert.throws(() => Response.redirect('https://a.test/', status), RangeError);
	}
	assert.throws(() => Response.redirect('no url', 302), TypeError);
});

test('the type of a blob or form is that of the headers of now', async () => {
	for (const touch of [false, true]) {
		const response = new Response('a=1');
		if (touch) assert.ok(response.body);
		response.headers.set('content-type', FORM);
		assert.equal((await response.clone().blob()).type, FORM);
		assert.equal((await response.formData()).get('a'), '1');
		const untyped = new Response('x');
		if (touch) assert.ok(untyped.body);
		untyped.headers.delete('content-type');
		assert.equal((await untyped.blob()).type, '');
	}
});

test('a value that was joined with nothing stays so where the platform keeps it', () => {
	/** @param {typeof globalThis.Response} Class */
	const outcome = (Class) => {
		const clone = new Class('text');
		clone.headers.append('content-type', '');
		const streamed = new Class('text', { headers: { a: '' } });
		streamed.headers.append('a', '');
		streamed.headers.append('a', '');
		assert.ok(streamed.body);
		return [clone.clone(), streamed, streamed.clone()].map(({ headers }) => [...headers]);
	};
	assert.deepEqual(outcome(Response), outcome(NativeResponse));
});
