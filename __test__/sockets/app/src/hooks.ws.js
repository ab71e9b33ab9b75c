import process from 'node:process';
import { read } from '$app/server';
import { error, redirect } from '@sveltejs/kit';
import note from '#lib/note.txt?url';
import { commands } from '#lib/commands.js';
import { shared } from '#lib/shared.js';

/** @typedef {import('svelte-adapter-oxide/hub').Hooks} Hooks */

/** @type {Record<string, () => never>} by the query's `deny` */
const denials = {
	error: () => error(401, 'who are you?'),
	redirect: () => redirect(303, '/login'),
	response: () => {
		throw new Response('not today', { status: 403, headers: { 'x-why': 'because' } });
	},
	mistake: () => {
		throw new Error('upgrade throws on purpose');
	}
};

/** @type {Hooks['upgrade']} */
export async function upgrade(request, event) {
	shared.handshakes += 1;
	const { searchParams: query } = event.url;
	const seen = event.cookies.get('seen');
	if (query.has('cookie')) event.cookies.set('seen', `${query.get('cookie')}`, { path: '/' });
	if (query.has('deny')) denials[`${query.get('deny')}`]();
	if (query.has('return')) return new Response('returned', { status: 409 });
	if (query.has('nothing')) return;

	request.context.from_request = true;
	const user = query.get('user');
	return {
		headers: query.has('protocol') ? { 'sec-websocket-protocol': 'chat' } : { 'x-hooks': 'ws' },
		context: {
			seen,
			note: (await read(note).text()).trim(),
			address: event.getClientAddress(),
			route: event.route.id,
			...(query.has('locals') ? { locals: event.locals } : {}),
			...(query.has('unclonable') ? { unclonable: () => {} } : {})
		},
		user: user === null ? null : { id: user, info: { name: user.toUpperCase() } }
	};
}

/** @type {Hooks['open']} */
export function open(peer) {
	const { id, params, context, user, remoteAddress } = peer;
	const { url, headers } = peer.request;
	const agent = headers.get('user-agent');
	peer.send({
		type: 'welcome',
		data: { id, params, context, user, remoteAddress, url, agent, text: `${peer}` }
	});
}

/** @type {Hooks['message']} */
export function message(peer, message) {
	if (message.isBinary) return void peer.send(message.uint8Array());
	if (!message.text().startsWith('{')) return void peer.send(message.text());
	const command = /** @type {any} */ (message.json());
	return /** @type {any} */ (commands[command.do](peer, command));
}

/** @type {Hooks['close']} */
export function close(peer, { code, reason, wasClean }) {
	const { count = 0 } = peer.context;
	console.log(`closed ${peer.id}: ${code} "${reason}" clean=${wasClean} count=${count}`);
}

/** @type {Hooks['drain']} */
export function drain(peer) {
	peer.send({ type: 'drained' });
}

/** @type {Hooks['subscribe']} */
export async function subscribe(peer, topic) {
	if (topic === 'vague') return;
	if (topic === 'staff') error(403, 'staff only');
	if (topic === 'exit') process.exit(1);
	if (topic === 'never') await new Promise(() => {});
	if (topic === 'broken') throw new Error('subscribe throws on purpose');
	await null;
	return topic.startsWith('room:') || topic === `user:${peer.user?.id}`;
}

/** @type {Hooks['request']} */
export async function request(_peer, data) {
	if (data.op === 'add') return data.a + data.b;
	if (data.op === 'nothing') return;
	if (data.op === 'refuse') error(422, 'no such sum');
	if (data.op === 'much') return 'x'.repeat(17_000_000);
	if (data.op === 'refuse much') error(422, 'x'.repeat(17_000_000));
	throw new Error('request throws on purpose');
}

/** @type {Record<string, Hooks>} */
export const routes = {
	'/rooms/[room]': {
		open(peer) {
			peer.subscribe(`room:${peer.params.room}`);
			peer.send({ type: 'entered', data: peer.params });
		}
	},
	// whatever comes, and nothing else
	'/echo': {
		open() {},
		message: (peer, message) => void peer.send(message.rawData)
	},
	'/files/[...path]': {
		open: (peer) => void peer.send({ type: 'path', data: peer.params })
	},
	'/errors': {
		// whose `open` is that of all
		error: (peer, error) => void peer.send({ type: 'error', data: error.message })
	}
};
