import type { Cookies } from '@sveltejs/kit';
import type {} from './index.js';

/**
 * The payloads of your topics, by name. Augment it, and `publish` and `subscribe` know them:
 *
 * ```ts
 * declare module 'svelte-adapter-oxide/hub' {
 *   interface Topics {
 *     chat: { from: string; text: string };
 *   }
 * }
 * ```
 */
export interface Topics {}

/** The payload of a topic: what `Topics` says, anything for a topic that it does not name. */
export type Payload<Topic extends string> = Topic extends keyof Topics ? Topics[Topic] : unknown;

/**
 * What data becomes on its way to clients, everywhere:
 *
 * - a string is sent as it is, as a text message;
 * - a `Uint8Array`, `ArrayBuffer` or other view is sent as it is, as a binary message;
 * - anything else is sent as an event, the JSON text `{"type":…,"data":…,"timestamp":…}`. An object
 *   with a `type`, which is a string, and nothing else but `data` brings both along; any other value
 *   is the data of an event of type `message`.
 *
 * With the option `type`, a string too is the data of an event, of that type. What is published to a
 * topic as an event carries the topic's name and its number in it, `{"topic":…,"seq":…,…}`. Types
 * that begin with `__` are the hub's own.
 */
export interface SendOptions {
	/** Make it an event of this type. */
	type?: string;
}

/** How to publish. */
export interface PublishOptions extends SendOptions {
	/** A peer, or its id, that is left out. */
	except?: string | { readonly id: string } | null;
	/**
	 * For clients that are slow: with the option `overflow: 'coalesce'`, a message that waits for such
	 * a one is replaced by the next one of the same topic and key.
	 */
	key?: string;
}

/** Who a peer is, as the `upgrade` hook says. Presence counts users, not sockets. */
export interface User {
	id: string;
	/** What others may know, as JSON: a name, a picture. */
	info?: unknown;
}

/**
 * All sockets and topics of the process, the same from every worker. It works inside a request and
 * outside of any, in timers and jobs.
 *
 * Errors have a `code`: `OXIDE_HUB_OFF` where WebSockets are off, `OXIDE_HUB_BAD_TOPIC`,
 * `OXIDE_HUB_TOO_LONG` for a message above 16 MiB, `OXIDE_HUB_OVERLOADED` where more is published than
 * can be sent.
 */
export interface Hub {
	/**
	 * To all that have the topic.
	 * @returns how many peers that is
	 */
	publish<Topic extends string>(
		topic: Topic,
		data: Payload<Topic>,
		options?: PublishOptions
	): number;
	/**
	 * To all peers, whatever topics they have.
	 * @returns how many peers that is
	 */
	broadcast(data: unknown, options?: Omit<PublishOptions, 'key'>): number;
	/**
	 * To one peer.
	 * @returns whether it is there; of a peer of another process, whether that is
	 */
	send(id: string, data: unknown, options?: SendOptions): boolean;
	/**
	 * To each peer of which the predicate says so. Where hubs are joined, it is asked of the peers of the
	 * other processes as well, after this has returned.
	 * @returns how many peers of this process that is
	 */
	sendTo(predicate: (peer: Peer) => boolean, data: unknown, options?: SendOptions): number;
	/**
	 * Closes a peer's socket.
	 * @param code 1000 by default; 3000 to 4999 are yours
	 * @param reason at most 123 bytes
	 * @returns whether it was there; of a peer of another process, whether that is
	 */
	disconnect(id: string, code?: number, reason?: string): boolean;
	/**
	 * All peers of this process, as they are at this moment. Their `context` is a copy.
	 */
	peers(): Peer[];
	/** One peer, if it is there and of this process. Its `context` is a copy. */
	peer(id: string): Peer | undefined;
	/** How many peers have the topic; without a topic, how many peers there are. */
	count(topic?: string): number;
	/**
	 * Where the topic is at this moment. What a `load` function returns together with the data that
	 * it shows goes to the client's `topic(name, { since })`, or its `eventId` to the query of a stream
	 * as `lastEventId`: then the client gets all that has been published since, or is told that it
	 * cannot. Ask for it before you read the data.
	 */
	position(topic: string): HubPosition;
	/** The peers of this process that have the topic, as in `peers()`. */
	subscribers(topic: string): Peer[];
	/** The users of the peers that have the topic, each once. */
	presence(topic: string): Array<{ id: string; info: unknown }>;
	/**
	 * Asks a client and waits for its reply.
	 * @param options.timeout in milliseconds; 10 s by default
	 * @throws with the code `OXIDE_HUB_GONE`, `OXIDE_HUB_TIMEOUT`, `OXIDE_HUB_REFUSED` if the client
	 *   replies with an error, `OXIDE_HUB_REQUESTS` if 10,000 of the process wait for a reply,
	 *   `OXIDE_HUB_ONE_WAY` for a stream, which cannot reply
	 */
	request<Reply = unknown>(
		id: string,
		data: unknown,
		options?: { timeout?: number }
	): Promise<Reply>;
}

/** Up to where a topic has been seen. */
export interface HubPosition {
	/** Which process's numbers it has. */
	epoch: string;
	/** The number of the topic's last event. */
	seq: number;
	/** The same for streams of server-sent events, of all topics at once: the `id` of their events. */
	eventId: string;
}

/** One socket, or one stream of server-sent events. */
export interface Peer {
	/** Stays the same for as long as the socket lives, whichever worker its hooks run on. */
	readonly id: string;
	/** The handshake's request: `url` and `headers`. */
	readonly request: Request;
	/**
	 * What you keep for this socket, 64 KiB at most and only what `structuredClone` takes. Change it in
	 * a hook: it is stored when the hook is done, and goes with the socket to another worker when its
	 * own is replaced.
	 */
	readonly context: Record<string, any>;
	/** Who it is, as `upgrade` said. */
	readonly user: User | null;
	/** The parameters of its path. */
	readonly params: Record<string, string>;
	/**
	 * A WebSocket, or a stream of server-sent events: that only hears, so it gets bytes in base64 and
	 * cannot be asked anything.
	 */
	readonly transport: 'websocket' | 'sse';
	/** The client's address, as `event.getClientAddress()` would say. */
	readonly remoteAddress: string | undefined;
	/** The topics it has at this moment. */
	readonly topics: Set<string>;
	/**
	 * To this peer.
	 * @returns whether it is there
	 */
	send(data: unknown, options?: SendOptions): boolean;
	/**
	 * To all others that have the topic.
	 * @returns how many peers that is
	 */
	publish<Topic extends string>(
		topic: Topic,
		data: Payload<Topic>,
		options?: Omit<PublishOptions, 'except'>
	): number;
	/**
	 * Gives it a topic: at most 256 bytes, not beginning with `__`, without `*`.
	 * @returns whether it did not have it before
	 */
	subscribe(topic: string): boolean;
	/** @returns whether it had it */
	unsubscribe(topic: string): boolean;
	/**
	 * @param code 1000 by default; 3000 to 4999 are yours
	 * @param reason at most 123 bytes
	 * @returns whether it was there
	 */
	close(code?: number, reason?: string): boolean;
	/** Closes it; a peer that does not answer is cut off after some seconds, as after `close()`. */
	terminate(): boolean;
	/** Its id. */
	toString(): string;
}

/** One message of a client. */
export interface Message {
	/** Random. */
	readonly id: string;
	readonly peer: Peer;
	/** A string for a text message, else `Uint8Array`. */
	readonly rawData: string | Uint8Array;
	/** The same as `rawData`. */
	readonly data: string | Uint8Array;
	readonly isBinary: boolean;
	/** There is no DOM event behind it. */
	readonly event: undefined;
	text(): string;
	/** @throws {SyntaxError} */
	json<T = unknown>(): T;
	uint8Array(): Uint8Array;
	arrayBuffer(): ArrayBuffer;
	blob(): Blob;
	/** Its text. */
	toString(): string;
}

/** What `upgrade` gets besides the request. */
export interface UpgradeEvent {
	readonly request: Request;
	readonly url: URL;
	/** The parameters of the path. */
	readonly params: Record<string, string>;
	/** The path as `routes` names it, or `websocket.path`. */
	readonly route: { readonly id: string };
	/** SvelteKit's; what is set goes out with the answer, whichever it is. */
	readonly cookies: Pick<Cookies, 'get' | 'getAll' | 'set' | 'delete' | 'serialize'>;
	getClientAddress(): string;
	/** What the client asks for: a WebSocket, or a stream of server-sent events. */
	readonly transport: 'websocket' | 'sse';
	readonly platform: Readonly<App.Platform>;
	/**
	 * What `handle` of `src/hooks.server.js` has put there, if it is wrapped in `handleUpgrade`.
	 * @throws if it is not
	 */
	readonly locals: App.Locals;
}

/** What `upgrade` may return to accept a socket; nothing at all accepts it too. */
export interface Acceptance {
	/** Headers of the answer, such as `sec-websocket-protocol`. */
	headers?: HeadersInit;
	/** Is merged into `request.context` and becomes `peer.context`. */
	context?: Record<string, unknown>;
	user?: User | null;
}

type Maybe<T> = T | Promise<T>;

/**
 * What `src/hooks.ws.js` exports, or has in `routes` for a path. The hooks of one peer begin in the
 * order in which things happen, and do not wait for each other.
 *
 * What a hook throws goes to `error`; without it, it is logged and the socket closed with 1011.
 */
export interface Hooks {
	/**
	 * May this client come? Return nothing, or what is to be kept of it, and it may; return or throw a
	 * `Response`, or throw SvelteKit's `error()` or `redirect()`, and that is its answer.
	 */
	upgrade?(
		request: Request & { readonly context: Record<string, unknown> },
		event: UpgradeEvent
	): Maybe<Acceptance | Response | void>;
	/** A socket is open. */
	open?(peer: Peer): Maybe<unknown>;
	/**
	 * A message has come. As long as the hook has not settled the message counts as unread: a client
	 * that has 64 messages or 1 MiB unread is not read any further.
	 */
	message?(peer: Peer, message: Message): Maybe<unknown>;
	/** A socket has closed. `code` is 1005 where the client gave none, 1006 where it vanished. */
	close?(peer: Peer, details: { code: number; reason: string; wasClean: boolean }): Maybe<unknown>;
	/** A hook has thrown. The socket stays open unless you close it. */
	error?(peer: Peer, error: Error): Maybe<unknown>;
	/** A client that was too slow, and was left out of what was published, has caught up. */
	drain?(peer: Peer): Maybe<unknown>;
	/**
	 * May this client have that topic? Only `true` lets it. Without this hook it may have the topics of
	 * the option `publicTopics`, for which it is not asked. What SvelteKit's `error()` says is told to
	 * the client as the reason.
	 */
	subscribe?(peer: Peer, topic: string): Maybe<boolean | void>;
	/**
	 * A client asks. What is returned is its reply, as JSON. What SvelteKit's `error()` says is told to
	 * it; anything else that is thrown is an `Internal Error`.
	 */
	request?(peer: Peer, data: any): Maybe<unknown>;
}

/** All exports of `src/hooks.ws.js`. */
export interface HooksWs extends Hooks {
	/**
	 * Hooks of further paths, in the syntax of SvelteKit's routes without matchers: `[param]`,
	 * `[[optional]]`, `[...rest]`. What a path leaves out is as in the module's own exports.
	 */
	routes?: Record<string, Hooks>;
}

/**
 * Types hooks that are written as one object:
 *
 * ```ts
 * // src/hooks.ws.ts
 * import { defineHooks } from 'svelte-adapter-oxide/hub';
 *
 * export default defineHooks({
 *   message(peer, message) {
 *     peer.send(message.text());
 *   }
 * });
 * ```
 */
export function defineHooks<T extends HooksWs>(hooks: T): T;

/**
 * Has `handle` run for handshakes too: what it puts into `event.locals`, `upgrade` finds there, and
 * what it answers without `resolve` is the handshake's answer.
 *
 * ```js
 * // src/hooks.server.js
 * export const handle = handleUpgrade(async ({ event, resolve }) => {
 *   event.locals.user = await find_user(event.cookies.get('session'));
 *   return resolve(event);
 * });
 * ```
 */
export function handleUpgrade<Handle extends (input: any) => any>(handle: Handle): Handle;

/**
 * The hub, as `event.platform.hub`, for any server module. Importing it is always safe; calling it
 * where the server does not run, as while building, throws.
 */
export const hub: Hub;
