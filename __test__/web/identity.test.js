/**
 * Light objects under a close look: prototypes, what others put on them, methods borrowed
 * from them, iterators, proxies. What the platform's own objects do is asked before `install`.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { install } from '../../runtime/web/install.js';
import {
	NativeHeaders,
	NativeRequest,
	NativeResponse,
	native_fetch,
	of_headers,
	of_request,
	of_response
} from '../../runtime/web/natives.js';
import { LightHeaders } from '../../runtime/web/headers.js';
import { LightResponse } from '../../runtime/web/response.js';
import { light_request } from './light-request.js';

const classes = { Headers, Request, Response };

/** Everything a program can read off a class without making anything. */
const shape = () =>
	Object.entries(classes).map(([name]) => {
		const constructor = /** @type {any} */ (globalThis)[name];
		return [constructor, constructor.prototype].map((holder) =>
			Reflect.ownKeys(holder).map((key) => {
				const { get, set, value, ...flags } = /** @type {any} */ (
					Object.getOwnPropertyDescriptor(holder, key)
				);
				const functions = [get, set, value].map((f) =>
					typeof f === 'function' ? [f.name, f.length] : typeof f
				);
				return [key, flags, functions];
			})
		);
	});

/** @param {object} iterator */
const iterator_shape = (iterator) => {
	const prototype = Object.getPrototypeOf(iterator);
	return [
		Reflect.ownKeys(iterator),
		Reflect.ownKeys(prototype),
		Object.getOwnPropertyDescriptor(prototype, 'next')?.enumerable,
		prototype.next.name,
		prototype.next.length,
		Object.prototype.toString.call(iterator)
	];
};

const before = {
	shape: shape(),
	iterator: iterator_shape(new Headers({ a: '1' }).entries()),
	globals: ['Headers', 'Request', 'Response', 'fetch'].map(
		(name) => Object.getOwnPropertyDescriptor(globalThis, name)?.enumerable
	)
};

install();

/** @returns {Array<[any, any, typeof Headers | typeof Request | typeof Response]>} */
const pairs = () => [
	[new Headers({ a: '1' }), new NativeHeaders({ a: '1' }), Headers],
	[light_request({ headers: { a: '1' } }).headers, new NativeHeaders({ a: '1' }), Headers],
	[light_request(), new NativeRequest('https://a.test/'), Request],
	[new Response('x'), new NativeResponse('x'), Response]
];

test('these tests look at light objects', () => {
	assert.ok(LightResponse.is(new Response('x')));
	assert.notEqual(LightHeaders.real(new Headers()), new Headers());
	assert.notEqual(globalThis.Headers, NativeHeaders);
});

test('classes and prototypes have the properties they had', () => {
	assert.deepEqual(shape(), before.shape);
	assert.deepEqual(
		['Headers', 'Request', 'Response', 'fetch'].map(
			(name) => Object.getOwnPropertyDescriptor(globalThis, name)?.enumerable
		),
		before.globals
	);
	assert.deepEqual([fetch.name, fetch.length], [native_fetch.name, native_fetch.length]);
});

test('light and real objects have one prototype, whose constructor is the class', () => {
	for (const [light, native, constructor] of pairs()) {
		assert.equal(Object.getPrototypeOf(light), constructor.prototype);
		assert.equal(Object.getPrototypeOf(native), constructor.prototype);
		assert.ok(light instanceof constructor && native instanceof constructor);
		assert.equal(light.constructor, constructor);
		assert.equal(native.constructor, constructor);
		assert.equal(constructor.prototype.constructor, constructor);
		assert.deepEqual(Reflect.ownKeys(light), []);
		assert.equal(Object.prototype.toString.call(light), Object.prototype.toString.call(native));
		assert.equal(inspect(light).split(' ')[0], inspect(native).split(' ')[0]);
	}
	assert.equal(Response.error().constructor, Response);
	assert.equal(Response.redirect('https://a.test/').constructor, Response);
	assert.equal(Response.json(1).constructor, Response);
	assert.equal(new NativeResponse('x').clone().constructor, Response);
});

test('functions borrowed from a prototype serve light and real objects, and nothing else', async () => {
	for (const [light, native, constructor] of pairs()) {
		const originals =
			{ Headers: of_headers, Request: of_request, Response: of_response }[constructor.name] ?? {};
		for (const key of Reflect.ownKeys(constructor.prototype)) {
			const { get, value } = /** @type {PropertyDescriptor} */ (
				Object.getOwnPropertyDescriptor(constructor.prototype, key)
			);
			const borrowed = get ?? value;
			if (key === 'constructor' || typeof borrowed !== 'function') continue;
			/** @type {(action: Function, self: unknown) => Promise<string>} */
			const ask = async (action, self) => {
				const args = key === 'forEach' ? [() => {}] : constructor === Headers ? ['a', '1'] : [];
				try {
					return typeof (await Reflect.apply(action, self, args));
				} catch (error) {
					return /** @type {Error} */ (error).constructor.name;
				}
			};
			const name = `${constructor.name} ${String(key)}`;
			assert.equal(await ask(borrowed, light), await ask(borrowed, native), name);
			const forged = Object.create(constructor.prototype);
			for (const wrong of [{}, forged, constructor.prototype, undefined, null, 1, 'a']) {
				assert.equal(await ask(borrowed, wrong), await ask(originals[key], wrong), name);
			}
		}
	}
});

test('a promise is rejected, not an error thrown, where the object is a wrong one', async () => {
	for (const constructor of [Request, Response]) {
		for (const method of /** @type {const} */ ([
			'text',
			'json',
			'arrayBuffer',
			'blob',
			'formData'
		])) {
			for (const wrong of [{}, undefined, 1]) {
				const promise = Reflect.apply(constructor.prototype[method], wrong, []);
				await assert.rejects(promise, TypeError);
			}
		}
	}
});

test('what others change on a prototype holds for light objects', async (t) => {
	t.mock.method(Response.prototype, 'text', async () => 'changed');
	t.mock.getter(Request.prototype, 'url', () => 'https://changed.test/');
	t.mock.method(Headers.prototype, 'get', () => 'changed');
	t.mock.method(Response, 'json', () => 'changed');
	/** @type {any} */ (Headers.prototype).added = () => 'added';
	try {
		assert.equal(await new Response('x').text(), 'changed');
		assert.equal(light_request().url, 'https://changed.test/');
		assert.equal(new Headers().get('a'), 'changed');
		assert.equal(light_request().headers.get('a'), 'changed');
		assert.equal(Response.json(1), 'changed');
		assert.equal(/** @type {any} */ (new Response().headers).added(), 'added');
		// what the objects do among themselves does not go through what others changed
		assert.equal(new NativeRequest(/** @type {any} */ (light_request()).clone()).method, 'GET');
		assert.equal(
			(
				await light_request({ body: 'a=1', type: 'application/x-www-form-urlencoded' }).formData()
			).get('a'),
			'1'
		);
	} finally {
		delete (/** @type {any} */ (Headers.prototype).added);
	}
});

test('iterators are the platform’s', () => {
	const light = new Headers({ a: '1', b: '2' });
	const native = new NativeHeaders({ a: '1', b: '2' });
	assert.deepEqual(iterator_shape(light.entries()), before.iterator);
	assert.equal(Object.getPrototypeOf(light.keys()), Object.getPrototypeOf(native.values()));
	assert.equal(Headers.prototype[Symbol.iterator], Headers.prototype.entries);
	const { next } = Object.getPrototypeOf(native.entries());
	assert.deepEqual(next.call(light.entries()), { value: ['a', '1'], done: false });
	assert.deepEqual(next.call(native.entries()), { value: ['a', '1'], done: false });
	assert.throws(() => next.call({}), TypeError);
	const iterator = light.entries();
	assert.equal(iterator[Symbol.iterator](), iterator);
	const [first] = light;
	first[1] = 'changed';
	assert.equal(light.get('a'), '1');
});

test('headers whose iteration was changed are copied as they iterate', () => {
	for (const [headers] of pairs().slice(0, 2)) {
		headers[Symbol.iterator] = function* () {
			yield ['x', 'y'];
		};
		assert.deepEqual([...new Headers(headers)], [['x', 'y']]);
		assert.equal(new Response(null, { headers }).headers.get('x'), 'y');
	}
});

/**
 * A record that tells how it was asked
 * @param {string[]} log
 * @param {object} record
 */
function logging(log, record) {
	/** @type {ProxyHandler<any>} */
	const handler = new Proxy(
		{},
		{
			get:
				(_, trap) =>
				(/** @type {any[]} */ ...args) => {
					log.push(`${String(trap)} ${String(typeof args[1] === 'object' ? '' : args[1])}`);
					return /** @type {any} */ (Reflect)[trap](...args);
				}
		}
	);
	return new Proxy(record, handler);
}

test('a proxy is asked what the platform asks, once', () => {
	for (const [light, native] of [
		[Headers, NativeHeaders],
		[Response, NativeResponse],
		[Request, NativeRequest]
	]) {
		const logs = [light, native].map((constructor) => {
			/** @type {string[]} */
			const log = [];
			const record = logging(log, { status: 201, headers: { a: '1' } });
			const plain = logging(log, { a: '1', b: '2' });
			if (constructor.name === 'Headers') Reflect.construct(constructor, [plain]);
			else if (constructor.name === 'Request')
				Reflect.construct(constructor, ['https://a.test/', record]);
			else Reflect.construct(constructor, ['x', record]);
			return log;
		});
		assert.deepEqual(logs[0], logs[1]);
		assert.ok(logs[0].length > 0);
	}
});

test('what data does on its way to JSON is done once', () => {
	for (const init of [undefined, {}, { statusText: 'Fine' }, { headers: [['a', '1']] }]) {
		let times = 0;
		Response.json({ toJSON: () => (times += 1) }, /** @type {any} */ (init));
		assert.equal(times, 1);
	}
	assert.throws(() => Response.json({ toJSON: () => undefined }), TypeError);
	assert.throws(() => Response.json(1n), TypeError);
});

test('records: names that are not enumerable, symbols, __proto__', () => {
	for (const make of [
		() => Object.defineProperty({ b: '2' }, 'a', { value: '1', enumerable: false }),
		() => JSON.parse('{"__proto__":"x","b":"1"}'),
		() => ({ [Symbol('x')]: '1' }),
		() => Object.defineProperty({}, Symbol('x'), { value: '1', enumerable: false }),
		() => Object.create({ inherited: '1' }, { own: { value: '1', enumerable: true } }),
		() => new Map([['a', '1']]),
		() => new URLSearchParams('a=1'),
		() => Object.assign(() => {}, { a: '1' }),
		() =>
			new (class Record {
				a = '1';
			})()
	]) {
		const [light, native] = [Headers, NativeHeaders].map((constructor) => {
			try {
				return [...new constructor(make())];
			} catch (error) {
				return /** @type {Error} */ (error).constructor.name;
			}
		});
		assert.deepEqual(light, native, String(make));
	}
});

test('subclasses are made and used as ever', async () => {
	class SubResponse extends Response {
		get status() {
			return super.status + 1;
		}
	}
	const response = new SubResponse('sub', { status: 201, headers: { a: '1' } });
	assert.equal(response.status, 202);
	assert.equal(await response.text(), 'sub');
	assert.equal(new Response(null, response).status, 202);
	assert.ok(SubResponse.json({}) instanceof Response);

	class SubRequest extends Request {
		tag = 'x';
	}
	const request = new SubRequest(light_request({ headers: { a: '1' } }));
	assert.ok(request instanceof SubRequest && request instanceof NativeRequest);
	assert.deepEqual([request.tag, request.headers.get('a')], ['x', '1']);

	class SubHeaders extends Headers {
		/** @param {string} name */
		get(name) {
			return `<${super.get(name)}>`;
		}
	}
	const headers = new SubHeaders(new Headers({ a: '1' }));
	assert.equal(headers.get('a'), '<1>');
	assert.deepEqual([...new Headers(headers)], [['a', '1']]);
	assert.ok(Reflect.construct(Headers, [], SubHeaders) instanceof SubHeaders);
	for (const constructor of [Headers, Request, Response]) {
		assert.throws(() => /** @type {any} */ (constructor)(), TypeError);
	}
});

const [major, minor] = process.versions.node.split('.').map(Number);
const can_refuse = major > 22 || (major === 22 && minor >= 10);

test('none of them can be cloned or sent', { skip: !can_refuse && 'Node cannot refuse' }, () => {
	const { port1, port2 } = new MessageChannel();
	try {
		for (const [light, native] of pairs()) {
			for (const object of [light, native]) {
				assert.throws(() => structuredClone(object), { name: 'DataCloneError' });
				assert.throws(() => structuredClone({ deep: [object] }), { name: 'DataCloneError' });
				assert.throws(() => port1.postMessage(object), { name: 'DataCloneError' });
			}
		}
	} finally {
		port1.close();
		port2.close();
	}
});

test('inspected, they show what the platform’s show', () => {
	const init = {
		status: 404,
		headers: { 'X-B': '2', a: '1', 'Set-Cookie': 'c=1', 'content-length': '1' }
	};
	const sides = [NativeResponse, Response].map((constructor) => {
		const response = new constructor('x', init);
		const headers = new (constructor === Response ? Headers : NativeHeaders)(response.headers);
		const seen = [inspect(response), inspect(headers)];
		headers.append('x-b', '3');
		headers.append('set-cookie', 'd=1');
		seen.push(inspect(headers));
		headers.set('x-b', '4');
		headers.delete('set-cookie');
		headers.append('SET-COOKIE', 'e=1');
		seen.push(inspect(headers));
		// the headers of now
		response.headers.delete('content-type');
		response.headers.set('a', '3');
		seen.push(inspect(response), inspect({ deep: { response } }, { depth: 0 }));
		return seen;
	});
	assert.deepEqual(sides[1], sides[0]);
	const request = inspect(light_request({ headers: { a: '1' } }));
	assert.equal(request.split('{')[0], inspect(new NativeRequest('https://a.test')).split('{')[0]);
	assert.match(request, /url: 'https:\/\/a\.test\/',\n {2}headers: Headers \{ a: '1' \}/);
});
