/**
 * Sockets in the browser, for a server built with `svelte-adapter-oxide`. The page has one
 * connection, which opens when something is first used and closes a little after the last use.
 *
 * ```svelte
 * <script>
 * 	import { topic, presence, status } from 'svelte-adapter-oxide/client';
 *
 * 	const chat = topic('chat');
 * 	const people = presence('chat');
 * </script>
 *
 * {$status}: {$people.length} here, the last one said {$chat?.data.text}
 * ```
 *
 * On a server every store holds its initial value, and nothing connects.
 */

import type { Topics } from '../hub.js';

/**
 * A topic whose payload the app has told in `Topics`, by `declare module 'svelte-adapter-oxide/hub'`:
 * what clients get of it is typed by its name.
 */
export type KnownTopic = keyof Topics & string;

/**
 * What an event of a payload has as `data`: of `{ type, data }`, which is an event as it is, what
 * stands there, else the payload itself.
 */
export type DataOf<P> = P extends { type: string }
	? Exclude<keyof P, 'type' | 'data'> extends never
		? P extends { data: infer D }
			? D
			: undefined
		: P
	: P;

/** Svelte's store contract, with the value at hand. */
export interface Readable<T> {
	/** Calls at once with the value, and again whenever it changes. */
	subscribe(run: (value: T) => void): () => void;
	/** The value now. Reactive where it comes from `svelte-adapter-oxide/client/svelte`. */
	readonly current: T;
}

/** What was published to a topic. */
export interface TopicEvent<T = any> {
	topic: string;
	/** Its number in the topic. Numbers grow; some may be missing. */
	seq: number;
	type: string;
	data: T;
	/** When it was published, as `Date.now()` of the server. */
	timestamp: number;
}

/** Up to where a topic has been seen. */
export interface Position {
	/** Which process's numbers they are. */
	epoch: string;
	seq: number;
}

/** Why something was refused or failed. */
export interface ClientError extends Error {
	/**
	 * - `'timeout'`: no answer in time
	 * - `'disconnected'`: the connection ended before the answer came; the server may have acted
	 * - `'queue-full'`: more waits to be sent than may; never sent
	 * - `'stopped'`: the server does not want this page any more; never sent
	 * - `'failed'`: the server's hook threw
	 * - `'server'`: called while rendering on a server
	 * - any code of the server: `'forbidden'`, `'topics'`, `'subscriptions'`, `'bad-topic'`, …
	 */
	code: string;
}

/** How it stands with the subscription of a topic. */
export interface TopicState {
	/** `'idle'`: not in use. `'pending'`: asked for, or the connection is gone. */
	status: 'idle' | 'pending' | 'open' | 'refused';
	/** How often messages were missed for good: see {@link Topic.onGap}. */
	gaps: number;
	/** Why it was refused, or why presence or count were. */
	error?: ClientError;
}

/** A topic. As a store, its value is the last event. It is subscribed while anything of it is used. */
export interface Topic<T = any> extends Readable<TopicEvent<T> | undefined> {
	readonly name: string;
	/** The last event. */
	readonly latest: TopicEvent<T> | undefined;
	/** Up to where it has been seen, once subscribed. */
	readonly position: Position | undefined;
	readonly state: Readable<TopicState>;
	/**
	 * Every event once, in order, unlike a store, whose values may be skipped between two renderings.
	 * @returns takes the handler back
	 */
	on(handler: (event: TopicEvent<T>) => void): () => void;
	/** Every event of one type. */
	on(type: string, handler: (event: TopicEvent<T>) => void): () => void;
	/**
	 * Messages were missed that the server no longer has, as after a long time offline or a restart
	 * of the server: load anew what the page shows.
	 */
	onGap(handler: () => void): () => void;
}

/**
 * The topic of that name. What its events carry is known by the app's `Topics`, or said here.
 * @param options.since what has been seen already, for instance from a `position` that was kept:
 *   what came after it follows, or `onGap` is called
 */
export function topic<Name extends KnownTopic>(
	name: Name,
	options?: { since?: Position }
): Topic<DataOf<Topics[Name]>>;
export function topic<T = any>(name: string, options?: { since?: Position }): Topic<T>;

/** The data of the topic's last event. */
export function latest<Name extends KnownTopic>(
	topic: Name,
	initial: DataOf<Topics[Name]>
): Readable<DataOf<Topics[Name]>>;
export function latest<Name extends KnownTopic>(
	topic: Name
): Readable<DataOf<Topics[Name]> | undefined>;
export function latest<T>(topic: string, initial: T): Readable<T>;
export function latest<T = any>(topic: string): Readable<T | undefined>;

/** Who is there. */
export interface PresentUser<I = any> {
	id: string;
	/** What the `upgrade` hook gave out about the user. */
	info?: I;
}

/** Who has the topic: one entry for each user, over all of a user's tabs, in the order of coming. */
export function presence<I = any>(
	topic: string,
	initial?: PresentUser<I>[]
): Readable<PresentUser<I>[]>;

/** How many connections have the topic; brought up to date every ten seconds. */
export function count(topic: string, initial?: number): Readable<number>;

/**
 * - `'idle'`: nothing needs a connection
 * - `'connecting'`
 * - `'open'`
 * - `'waiting'`: the connection is lost and will be tried again
 * - `'stopped'`: the server closed it with a code that says not to come again
 */
export type Status = 'idle' | 'connecting' | 'open' | 'waiting' | 'stopped';

/** How it stands with the connection. Looking at it opens none. */
export const status: Readable<Status> & {
	/** With which code and reason the connection last ended, unless the page itself closed it. */
	readonly closed: { code: number; reason: string } | undefined;
};

/**
 * Sends a message to the `message` hook: texts and bytes as they are, all else as JSON. While there
 * is no connection it waits, and the oldest is refused when too much does.
 * @returns resolves when the browser has taken it, which is no promise that it arrives
 * @throws {ClientError} `queue-full`, `stopped`, `server`
 */
export function send(message: unknown): Promise<void>;

/**
 * Asks the `request` hook.
 * @param options.timeout in milliseconds, time without a connection included; 0 is without end.
 *   Default: 10000
 * @throws {ClientError} `failed` with what the hook threw, `timeout`, `disconnected`, `queue-full`,
 *   `stopped`, `server`
 */
export function request<T = any>(data: unknown, options?: { timeout?: number }): Promise<T>;

/**
 * Everything that is of no topic used here: what the server sends to this peer or to all, and raw
 * messages of any topic.
 * @param handler gets the value of a JSON text, any other text as it is, and bytes as an
 *   `ArrayBuffer`; and as second argument the text or bytes as they came
 */
export function onMessage(handler: (message: any, raw: string | ArrayBuffer) => void): () => void;

/** Answers what the server asks of this peer. The handler that came last answers; what it throws is the answer as well. */
export function onRequest(handler: (data: any) => unknown): () => void;

/** Settings of the connection. */
export interface Options {
	/**
	 * Where the server is, if not on the page's own origin. A function is asked before each attempt.
	 * `http` and `https` are taken for `ws` and `wss`.
	 */
	url?: string | URL | (() => string | URL);
	/** The path on the page's origin, `paths.base` included. Default: `'/ws'` */
	path?: string;
	/** How long an unused connection stays open, in milliseconds. Default: 5000 */
	linger?: number;
	/** How many messages and requests may wait for a connection. Default: 100 */
	maxQueued?: number;
	/** How many bytes. Default: 1 MiB */
	maxQueuedBytes?: number;
	/**
	 * Whether to come again after the server has closed with this code. By default after all but
	 * 1008 and 4000 to 4999.
	 */
	retry?: (code: number, reason: string) => boolean;
}

/** To be called before anything is used; later, what is new holds from the next connection on. */
export function configure(options: Options): void;

/**
 * Closes the connection and begins a new one where one is needed: after a login or logout, so that
 * the `upgrade` hook runs with the new cookies, or after a stop.
 */
export function reconnect(): void;
