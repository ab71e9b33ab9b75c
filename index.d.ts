import type { Adapter } from '@sveltejs/kit';
import type { IncomingHttpHeaders } from 'node:http';

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

declare global {
	namespace App {
		interface Platform {
			/** The request at hand; a neutral one while prerendering. */
			req: PlatformRequest;
		}
	}
}
