/**
 * Environments at start: which ones are refused. Both servers must agree on whether they
 * start; ours must besides name the variable it does not like.
 */
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { build_app } from '../harness/app.js';
import { start_failing } from '../harness/server.js';

/**
 * @type {Array<{
 *   name: string,
 *   env: Record<string, string>,
 *   starts: boolean,
 *   names?: RegExp,
 *   kits?: Array<2 | 3>,
 *   variant?: string
 * }>}
 */
const environments = [
	{ name: 'a port that is a word', env: { PORT: 'http' }, starts: false, names: /PORT/ },
	{ name: 'a port out of range', env: { PORT: '99999' }, starts: false, names: /PORT/ },
	{ name: 'a negative port', env: { PORT: '-1' }, starts: false, names: /PORT/ },
	{
		name: 'a host that does not exist',
		env: { HOST: 'no-such-host.invalid' },
		starts: false,
		names: /no-such-host\.invalid/
	},
	{
		name: 'a limit that is a word',
		env: { BODY_SIZE_LIMIT: 'abc' },
		starts: false,
		names: /BODY_SIZE_LIMIT/
	},
	{
		name: 'a limit with an unknown unit',
		env: { BODY_SIZE_LIMIT: '10X' },
		starts: false,
		names: /BODY_SIZE_LIMIT/
	},
	{ name: 'a limit in lower case', env: { BODY_SIZE_LIMIT: '10m' }, starts: true },
	{ name: 'a limit of Infinity', env: { BODY_SIZE_LIMIT: 'Infinity' }, starts: true },
	{
		name: 'a keep-alive that is a word',
		env: { KEEP_ALIVE_TIMEOUT: 'long' },
		starts: false,
		names: /KEEP_ALIVE_TIMEOUT/
	},
	{
		name: 'a keep-alive below zero',
		env: { KEEP_ALIVE_TIMEOUT: '-1' },
		starts: false,
		names: /KEEP_ALIVE_TIMEOUT/
	},
	{ name: 'an empty keep-alive', env: { KEEP_ALIVE_TIMEOUT: '' }, starts: true },
	{
		name: 'a header timeout that is a word',
		env: { HEADERS_TIMEOUT: 'x' },
		starts: false,
		names: /HEADERS_TIMEOUT/
	},
	{
		name: 'sockets for another process',
		env: { LISTEN_PID: '1', LISTEN_FDS: '1' },
		starts: false,
		names: /LISTEN_PID/
	},
	{ name: 'too many sockets', env: { LISTEN_FDS: '2' }, starts: false, names: /LISTEN_FDS/ },
	{
		name: 'an unknown name behind the prefix',
		env: { APP_UNKNOWN: '1' },
		variant: 'prefix',
		starts: false,
		names: /APP_UNKNOWN/
	},
	{
		name: 'a known name behind the prefix',
		env: { APP_SHUTDOWN_TIMEOUT: '5' },
		variant: 'prefix',
		starts: true
	},
	{
		name: 'sockets are never prefixed',
		env: { APP_LISTEN_FDS: '1' },
		variant: 'prefix',
		starts: false,
		names: /APP_LISTEN_FDS/
	},
	{
		name: 'an unprefixed name next to a prefix',
		env: { BODY_SIZE_LIMIT: 'abc' },
		variant: 'prefix',
		starts: true
	},
	{
		name: 'an origin that is no URL',
		env: { ORIGIN: 'example.test' },
		kits: [2],
		starts: false,
		names: /ORIGIN/
	},
	{
		name: 'an origin of another scheme',
		env: { ORIGIN: 'ftp://example.test' },
		kits: [2],
		starts: false,
		names: /ORIGIN/
	},
	{ name: 'an empty origin', env: { ORIGIN: '' }, kits: [2], starts: false, names: /ORIGIN/ }
];

/**
 * @param {2 | 3} kit
 * @param {'node' | 'oxide'} subject_adapter
 */
export function run_startup(kit, subject_adapter) {
	describe(`environments at start, kit ${kit}`, { concurrency: 2 }, () => {
		/** @type {net.Server} */
		let squatter;

		before(async () => {
			squatter = net.createServer();
			await new Promise((fulfil) => squatter.listen(0, '127.0.0.1', () => fulfil(null)));
		});
		after(() => void squatter.close());

		/**
		 * @param {(typeof environments)[number]} environment
		 */
		const check = async ({ env, starts, names, variant = 'plain' }) => {
			const prefix = variant === 'prefix' ? 'APP_' : '';
			for (const adapter of /** @type {const} */ (['node', subject_adapter])) {
				const build = await build_app({ kit, adapter, variant });
				const result = await start_failing({ build, prefix, env });
				assert.equal('listening' in result, starts, `${adapter}:\n${result.output}`);
				if ('listening' in result) continue;
				assert.ok(result.code, `${adapter} ended with ${result.code}`);
				if (adapter === 'oxide' && names) assert.match(result.output, names);
			}
		};

		for (const environment of environments) {
			if (environment.kits && !environment.kits.includes(kit)) continue;
			test(`start/${environment.name}`, { timeout: 120_000 }, () => check(environment));
		}

		test('start/a port that is taken', { timeout: 120_000 }, async () => {
			const { port } = /** @type {net.AddressInfo} */ (squatter.address());
			await check({
				name: '',
				env: { PORT: String(port) },
				starts: false,
				names: new RegExp(String(port))
			});
		});
	});
}
