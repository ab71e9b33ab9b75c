/** What apps write for the server, and what must not pass: checked by `tsc`, never run. */
import {
	defineHooks,
	hub,
	type Acceptance,
	type Hooks,
	type HooksWs,
	type Message,
	type Payload,
	type Peer
} from 'svelte-adapter-oxide/hub';

declare module 'svelte-adapter-oxide/hub' {
	interface Topics {
		'usage:price': { cents: number };
	}
}

// the hub, by import and by platform
const reached: number = hub.publish('usage:price', { cents: 1 }, { key: 'EUR' });
// @ts-expect-error the payload is another
hub.publish('usage:price', { euros: 1 });
hub.publish('usage:anything', new Uint8Array(), { except: null });
// @ts-expect-error no such option
hub.publish('usage:anything', 1, { exept: 'id' });
const payload: Payload<'usage:price'> = { cents: 1 };
const all: number = hub.broadcast('to all', { type: 'said' });
// @ts-expect-error keys are a topic's
hub.broadcast('to all', { key: 'x' });
const there: boolean = hub.send('id', payload);
const some: number = hub.sendTo((peer) => peer.user?.id === 'ann', { any: 'thing' });
const closed: boolean = hub.disconnect('id', 4000, 'because');
const peers: Peer[] = [...hub.peers(), ...hub.subscribers('usage:price')];
// @ts-expect-error it may have gone
hub.peer('id').send('hello');
const counts: number = hub.count() + hub.count('usage:price');
const names: string[] = hub.presence('usage:price').map(({ id }) => id);
const reply: Promise<{ yes: boolean }> = hub.request<{ yes: boolean }>('id', 1, { timeout: 5 });

export function GET(event: { platform: Readonly<App.Platform> | undefined }) {
	event.platform?.hub.publish('usage:price', { cents: 2 });
	// @ts-expect-error the payload is another there as well
	event.platform?.hub.publish('usage:price', 'two');
}

// hooks, one by one and all together
export const upgrade: Hooks['upgrade'] = async (request, event) => {
	request.context.seen = event.cookies.get('seen');
	if (!event.params.room) return new Response('no room', { status: 404 });
	const accepted: Acceptance = {
		headers: { 'sec-websocket-protocol': 'chat' },
		context: { address: event.getClientAddress(), route: event.route.id, url: event.url.href },
		user: { id: 'ann', info: { name: 'Ann' } }
	};
	return accepted;
};
// @ts-expect-error a user has an id
export const nobody: Hooks['upgrade'] = () => ({ user: { name: 'Ann' } });

export const subscribe: Hooks['subscribe'] = (peer, topic) => topic === `user:${peer.user?.id}`;
// @ts-expect-error only `true` lets a peer have a topic, and no text is
export const lax: Hooks['subscribe'] = () => 'yes';

export const close: Hooks['close'] = (peer, { code, reason, wasClean }) => {
	// @ts-expect-error a peer's id stays what it is
	peer.id = reason;
	peer.context.closed = wasClean ? code : null;
	// @ts-expect-error change it in place
	peer.context = {};
};

export default defineHooks({
	open: (peer) => peer.subscribe('usage:price'),
	message(peer: Peer, message: Message) {
		const text: string = message.text();
		const bytes: Uint8Array = message.uint8Array();
		const { cents } = message.json<{ cents: number }>();
		peer.publish('usage:price', { cents });
		// @ts-expect-error the payload is another
		peer.publish('usage:price', { text });
		// @ts-expect-error the peer itself is left out anyway
		peer.publish('usage:price', { cents }, { except: peer });
		return peer.send(bytes);
	},
	drain: (peer) => peer.close(1013, 'too slow'),
	request: async (_peer, data) => data.a + data.b,
	error: (peer, error) => console.error(peer.id, error.message),
	routes: {
		'/rooms/[room]': { open: (peer) => peer.send({ type: 'entered', data: peer.params.room }) },
		// @ts-expect-error no such hook
		'/typo': { mesage() {} }
	}
} satisfies HooksWs);

export { reached, all, there, some, closed, peers, counts, names, reply };
