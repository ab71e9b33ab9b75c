import type { Adapter } from '@sveltejs/kit';
import type { IncomingHttpHeaders } from 'node:http';
import type { Hub } from './hub.js';

/**
 * The SvelteKit adapter: `vite build` then writes a folder that `node build/index.js` serves, with
 * a native server in front of SvelteKit. Works with SvelteKit 2.70 and later, and with SvelteKit 3.
 *
 * ```js
 * // vite.config.js, SvelteKit 3
 * import adapter from 'svelte-adapter-oxide';
 * import { sveltekit } from '@sveltejs/kit/vite';
 *
 * export default { plugins: [sveltekit({ adapter: adapter() })] };
 * ```
 *
 * @throws when an option is unknown or of the wrong type; the error tells of all such options
 */
export default function adapter(options?: AdapterOptions): Adapter;

/**
 * A duration: a number in the unit the option names, or a whole number with a unit of its own as in
 * `'500ms'`, `'30s'`, `'2m'`, `'1h'`.
 */
export type Duration = number | string;

/** A size: a number of bytes, or a string as in `'512K'`, `'10mb'`, `'1.5G'` (powers of 1024). */
export type Size = number | string;

/**
 * An amount of memory: a number of megabytes, or a string with a unit as in `'512mb'`, `'2G'`
 * (powers of 1024).
 */
export type Memory = number | string;

/** A machine that the native server runs on, as its package is named. */
export type TargetPlatform =
	| 'linux-x64-gnu'
	| 'linux-arm64-gnu'
	| 'linux-x64-musl'
	| 'linux-arm64-musl'
	| 'darwin-x64'
	| 'darwin-arm64'
	| 'win32-x64-msvc'
	| 'win32-arm64-msvc';

/**
 * The first group decides the build. All others are defaults of the server: each can be changed at
 * start by an environment variable, which wins over the option.
 */
export interface AdapterOptions {
	/**
	 * The directory the build is written to, relative to the working directory. It is emptied first.
	 * @default 'build'
	 */
	out?: string;

	/**
	 * Write compressed variants of text files next to them, so that no request has to wait for
	 * compression. `true` is `{ brotli: true, gzip: true, zstd: false }`. A variant that would not
	 * be smaller is not written.
	 * @default true
	 */
	precompress?:
		| boolean
		| {
				/** Brotli, level 11. @default true */
				brotli?: boolean;
				/** gzip, level 9. @default true */
				gzip?: boolean;
				/** Zstandard. @default false */
				zstd?: boolean;
		  };

	/**
	 * What the names of the server's environment variables start with, for when they would meet
	 * others: with `'MY_'`, the port is `MY_PORT`. A variable that has the prefix and is not known is
	 * an error at start.
	 * @default ''
	 */
	envPrefix?: string;

	/**
	 * Install SvelteKit's polyfills for old versions of Node before the app is loaded. Matters with
	 * SvelteKit 2 only; SvelteKit 3 has none.
	 * @default true
	 */
	polyfill?: boolean;

	/**
	 * Machines the build will run on besides the one that builds it. The server's native binary for
	 * each is put into the build; its package, `svelte-adapter-oxide-<platform>`, has to be
	 * installed.
	 * @default []
	 */
	platforms?: TargetPlatform[];

	/**
	 * How long an idle connection is kept open for another request, in seconds. Has to be longer
	 * than that of the load balancer in front. 0 keeps it for good. Variable: `KEEP_ALIVE_TIMEOUT`.
	 * @default '65s'
	 */
	keepAliveTimeout?: Duration;

	/**
	 * How long a client may take to send the head of a request, in seconds. 0 is without end.
	 * Variable: `HEADERS_TIMEOUT`.
	 * @default '66s'
	 */
	headersTimeout?: Duration;

	/**
	 * How long a request may wait for the head of its answer, in seconds; it is answered with 504
	 * then. Streams are not cut. 0 is without end. Variable: `REQUEST_TIMEOUT`.
	 * @default '120s'
	 */
	requestTimeout?: Duration;

	/**
	 * How long a drain waits for open requests before it cuts their connections, in milliseconds.
	 * Variables: `SHUTDOWN_TIMEOUT`, in seconds, or `GRACEFUL_SHUTDOWN_TIMEOUT`, in milliseconds.
	 * @default '30s'
	 */
	gracefulShutdownTimeout?: Duration;

	/**
	 * The largest request body. Reading more fails with SvelteKit's 413. 0 takes no bodies at all,
	 * `Infinity` any. Variable: `BODY_SIZE_LIMIT`.
	 * @default '512K'
	 */
	bodyLimit?: Size;

	/**
	 * The most header lines of a request, 1 to 4096; more are answered with 431. Variable:
	 * `MAX_HEADERS`.
	 * @default 100
	 */
	maxHeaders?: number;

	/**
	 * The largest head of a request, 8K to 1M; a larger one is answered with 431. Variable:
	 * `MAX_HEADER_SIZE`.
	 * @default '64K'
	 */
	maxHeaderSize?: Size;

	/**
	 * The most connections at a time; further ones wait in the system's backlog. Variable:
	 * `MAX_CONNECTIONS`.
	 * @default 65536
	 */
	maxConnections?: number;

	/**
	 * The largest file that is held in memory, each compressed variant counting as one. Larger ones
	 * are streamed from disk. 0 holds none. Variable: `ASSET_MEMORY_FILE_LIMIT`.
	 * @default '128K'
	 */
	assetMemoryFileLimit?: Size;

	/**
	 * The memory for all files that are held. Variable: `ASSET_MEMORY_LIMIT`.
	 * @default '64M'
	 */
	assetMemoryLimit?: Size;

	/**
	 * The number of workers: threads that run the app, each with its own copy of it, 1 to 256.
	 * `'auto'` is one for every core. A single worker runs in the main thread; more have threads of
	 * their own, which are replaced when they fail or grow. With `autoScale`, the number at start.
	 * Variable: `CLUSTER_WORKERS`.
	 * @default 1
	 */
	workers?: number | 'auto';

	/**
	 * Give a single worker a thread of its own as well, so that it can be replaced. Some native
	 * modules and functions of `process` only work in the main thread. Variable: `ISOLATED_WORKER`.
	 * @default false
	 */
	isolated?: boolean;

	/**
	 * Let the number of workers follow the load, from `minWorkers` to `maxWorkers`. Gives workers
	 * threads of their own. Variable: `AUTO_SCALE`.
	 * @default false
	 */
	autoScale?: boolean;

	/**
	 * With `autoScale`: the fewest workers, also at start. More than `maxWorkers` is an error at
	 * start. Variable: `MIN_WORKERS`.
	 * @default 2
	 */
	minWorkers?: number;

	/**
	 * With `autoScale`: the most workers, 1 to 256. Fewer than `workers` is an error at start. By
	 * default one for every core, or as many as `minWorkers` or `workers` asks for if that is more.
	 * Variable: `MAX_WORKERS`.
	 */
	maxWorkers?: number;

	/**
	 * With `autoScale`: how busy the workers' threads have to be, on average and in percent, for
	 * another one to be added; below half of it, one is taken away. Variable: `CPU_THRESHOLD`.
	 * @default 80
	 */
	cpuThreshold?: number;

	/**
	 * With `autoScale`: percent of the machine's memory in use above which no worker is added and,
	 * if it stays so, one is taken away. Variable: `MEMORY_THRESHOLD`.
	 * @default 85
	 */
	memoryThreshold?: number;

	/**
	 * Which worker gets a request: each in turn, the one with the fewest requests in flight, or the
	 * one whose thread is the least busy. Variable: `LOAD_BALANCING_STRATEGY`.
	 * @default 'least-connections'
	 */
	balancing?: 'round-robin' | 'least-connections' | 'cpu-based';

	/**
	 * Send a client's requests to the worker that it had before, by a signed cookie, without one by
	 * its address. For apps that keep sessions in memory. Variable: `ENABLE_STICKY_SESSION`.
	 * @default false
	 */
	stickySession?: boolean;

	/**
	 * The most requests that wait in line for a worker, 1 to 1048576. Further ones are answered with
	 * 503 and `retry-after` at once. Variable: `MAX_QUEUE`.
	 * @default 1024
	 */
	maxQueue?: number;

	/**
	 * How long a request may wait in line, in seconds; it is answered with 503 then. 0 is until
	 * `requestTimeout`. Variable: `QUEUE_TIMEOUT`.
	 * @default '10s'
	 */
	queueTimeout?: Duration;

	/**
	 * The most requests that one worker has begun and not answered yet, 1 to 1048576. Further ones
	 * wait in line. Variable: `MAX_IN_FLIGHT`.
	 * @default 4096
	 */
	maxInFlight?: number;

	/**
	 * A worker with a thread of its own whose event loop has not turned for so long, in seconds,
	 * while something waits for it, is ended and replaced. 0 never does. Variable:
	 * `UNRESPONSIVE_TIMEOUT`.
	 * @default '15s'
	 */
	unresponsiveTimeout?: Duration;

	/**
	 * How often a worker is asked for its memory and how busy its event loop is, in seconds, 100 ms
	 * to 5 minutes. Variable: `HEALTH_CHECK_INTERVAL`.
	 * @default '5s'
	 */
	healthCheckInterval?: Duration;

	/**
	 * The requests, 10 % more or less, after which a worker with a thread of its own is replaced. Its
	 * replacement is ready before it stops, here as in the two below. 0 never does. Variable:
	 * `MAX_REQUESTS_PER_WORKER`.
	 * @default 0
	 */
	maxRequestsPerWorker?: number;

	/**
	 * The memory, heap and what is held outside of it, above which a worker with a thread of its own
	 * is replaced: 16 MB to 1 TB, a plain number counting megabytes. One whose heap alone reaches
	 * twice that is ended. 0 does neither. Variable: `MAX_MEMORY_USAGE`.
	 * @default '768M'
	 */
	maxMemoryUsage?: Memory;

	/**
	 * The age, 10 % more or less, at which a worker with a thread of its own is replaced, in seconds.
	 * 0 never does. Variable: `MAX_WORKER_AGE`.
	 * @default 0
	 */
	maxWorkerAge?: Duration;

	/**
	 * How many earlier builds are remembered when a new one is taken over by workers with threads of
	 * their own: their immutable files are still served, so that open tabs find their chunks. 0 to
	 * 100. Variable: `KEEP_BUILDS`.
	 * @default 2
	 */
	keepBuilds?: number;

	/**
	 * WebSockets. By default they are on if the app has `src/hooks.ws.js` or `.ts`; `true` or an
	 * object of options switches them on, `false` off. Variable: `WEBSOCKET_ENABLED`.
	 */
	websocket?: boolean | WebSocketOptions;

	/**
	 * What routes see as `Request`, `Response` and `Headers`: light ones, which cost a fraction and
	 * behave the same, or the platform's own. Variable: `WEB_OBJECTS`.
	 * @default 'light'
	 */
	webObjects?: 'light' | 'native';

	/**
	 * Answer two paths without JavaScript: one with 200 as long as the process lives, one with 200
	 * while requests are welcome and 503 during a drain. By default, an app's own route or file at
	 * one of the paths wins; set explicitly, the built-in answer does. Variable: `HEALTH_CHECK`.
	 * @default true
	 */
	healthCheck?:
		| boolean
		| {
				/** @default '/health' */
				liveness?: string;
				/** @default '/readiness' */
				readiness?: string;
		  };
}

/** Who may open WebSockets, and what bounds them. */
export interface WebSocketOptions {
	/**
	 * Where the hooks that stand in `src/hooks.ws` by themselves are reached, below `paths.base`.
	 * Variable: `WEBSOCKET_PATH`.
	 * @default '/ws'
	 */
	path?: string;

	/**
	 * Origins like `'https://my.site'` whose pages may open sockets besides the app's own; `'*'` is
	 * anybody's. A page of another origin gets 403. Variable: `WEBSOCKET_ALLOWED_ORIGINS`, with
	 * commas between them.
	 * @default []
	 */
	allowedOrigins?: string[];

	/**
	 * Refuse a handshake without an `origin` header with 403. Browsers always send one, other
	 * programs rarely do. Variable: `WEBSOCKET_REQUIRE_ORIGIN`.
	 * @default false
	 */
	requireOrigin?: boolean;

	/**
	 * How many handshakes one client address may begin in which time; further ones get 429 with
	 * `retry-after`. Behind a proxy, set `ADDRESS_HEADER`, or all clients count as one. 0 is no
	 * limit. Variable: `WEBSOCKET_UPGRADE_RATE_LIMIT`.
	 * @default '20/10s'
	 */
	upgradeRateLimit?: string | 0;

	/**
	 * The most sockets open at once; further ones get 503 with `retry-after`. Each is one of
	 * `maxConnections` as well. Variable: `WEBSOCKET_MAX_PEERS`.
	 * @default 50000
	 */
	maxPeers?: number;

	/**
	 * The most sockets of one client address at once; further ones get 429 with `retry-after`.
	 * Variable: `WEBSOCKET_MAX_PEERS_PER_ADDRESS`.
	 * @default 1000
	 */
	maxPeersPerAddress?: number;

	/**
	 * The most topics that one peer may have; a further subscription is refused. Variable:
	 * `WEBSOCKET_MAX_SUBSCRIPTIONS`.
	 * @default 256
	 */
	maxSubscriptions?: number;

	/**
	 * The most topics at once; a subscription that would make a further one is refused. Variable:
	 * `WEBSOCKET_MAX_TOPICS`.
	 * @default 100000
	 */
	maxTopics?: number;

	/**
	 * The largest message from a peer, 1K to 1G; one that sends more is closed with 1009. Variable:
	 * `WEBSOCKET_MAX_MESSAGE_SIZE`.
	 * @default '1M'
	 */
	maxMessageSize?: Size;

	/**
	 * What may wait for a peer that reads slowly, 1K to 1G; one message always may. Variable:
	 * `WEBSOCKET_MAX_QUEUED_BYTES`.
	 * @default '1M'
	 */
	maxQueuedBytes?: Size;

	/**
	 * What happens beyond it: messages are left out, or the peer is closed with 1013 so that it comes
	 * again and resumes, or a message with a key replaces the waiting one with the same. Variable:
	 * `WEBSOCKET_OVERFLOW`.
	 * @default 'skip'
	 */
	overflow?: 'skip' | 'close' | 'coalesce';

	/**
	 * Silence after which a peer is pinged, in seconds, 1 s to 24 h; after as much again it is gone.
	 * Has to be shorter than the idle timeout of the load balancer in front. Variable:
	 * `WEBSOCKET_HEARTBEAT`.
	 * @default '30s'
	 */
	heartbeat?: Duration;

	/**
	 * How long a peer may send no message, in seconds; it is closed with 1001 then. 0 never does.
	 * Variable: `WEBSOCKET_IDLE_TIMEOUT`.
	 * @default 0
	 */
	idleTimeout?: Duration;

	/** What topics remember, so that a client which comes back gets what it missed. */
	replay?: {
		/**
		 * Messages of each topic; 0 remembers none. Variable: `WEBSOCKET_REPLAY_SIZE`.
		 * @default 0
		 */
		size?: number;
		/**
		 * How long each is remembered, in seconds. Variable: `WEBSOCKET_REPLAY_TTL`.
		 * @default '60s'
		 */
		ttl?: Duration;
	};

	/**
	 * Topics that any peer may have without the `subscribe` hook being asked; one that ends with `*`
	 * stands for all that begin so. Variable: `WEBSOCKET_PUBLIC_TOPICS`, with commas between them.
	 * @default []
	 */
	publicTopics?: string[];

	/** Joins the hub with those of other processes, through Redis. */
	redis?: {
		/**
		 * Where it is: `redis://user:password@host:6379`, `rediss://host` for TLS or `unix:///path`. It
		 * stands in the build with its password: prefer the variable, `REDIS_URL`.
		 */
		url?: string;
		/**
		 * What the names of channels begin with. Apps that share a Redis need different ones. Variable:
		 * `REDIS_PREFIX`.
		 * @default 'oxide'
		 */
		prefix?: string;
	};
}

/**
 * The request as Node's `http` would show it, as far as apps read it. Built from what the native
 * server has read, when it is first looked at.
 */
export interface PlatformRequest {
	readonly method: string;
	/** Path and query as the client sent them, `paths.base` included. */
	readonly url: string;
	/** By lower-case name; repeated ones are joined as Node joins them. */
	readonly headers: IncomingHttpHeaders;
	/** Names and values in turn, in the order in which they came. */
	readonly rawHeaders: string[];
	/** `'1.1'` or `'1.0'`. */
	readonly httpVersion: string;
	readonly httpVersionMajor: number;
	readonly httpVersionMinor: number;
	readonly socket: PlatformSocket;
	/** The same as `socket`, under Node's older name. */
	readonly connection: PlatformSocket;
}

/** The peer of a connection, which may be a proxy. On a Unix socket it has no address. */
export interface PlatformSocket {
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
	/** `'IPv4'` or `'IPv6'`. */
	readonly remoteFamily: string | undefined;
}

/** One of the threads that run the app. Each holds all of it, and shares no variable with others. */
export interface PlatformWorker {
	/** From 1 on. A worker that takes the place of another gets a number of its own. */
	readonly id: number;
	/** How many workers there are to be: what the server was started with, or has been scaled to since. */
	readonly count: number;
	/** When this one started, as `Date.now()`. */
	readonly startedAt: number;
}

declare global {
	namespace App {
		interface Platform {
			/** All sockets and topics of the process; see `svelte-adapter-oxide/hub`. */
			hub: Hub;
			/** Who answers; worker 1 of 1 where there is no pool. */
			worker: PlatformWorker;
			/** The request at hand; a neutral one while prerendering. */
			req: PlatformRequest;
		}
	}
}
