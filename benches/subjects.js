/**
 * Who is measured: each subject knows how to get ready, which paths it can serve and how to be
 * started. A subject that cannot be had on this machine says why and is left out.
 */

import { at, NODE } from '../scripts/lib/places.js';
import { ensure_programs } from '../scripts/lib/toolchain.js';
import { ask } from './ask.js';
import { start_kit } from './kit.js';
import { round } from './load.js';
import { find_nginx, prepare_nginx, start_nginx } from './nginx.js';
import { build_app, launch, NAMES, start } from './servers.js';
import { prepare_uws } from './uws.js';

/** @typedef {import('./ask.js').Answer} Answer */
/** @typedef {import('./load.js').Round} Round */
/** @typedef {import('./paths.js').BenchPath} BenchPath */
/** @typedef {import('./servers.js').BenchServer} BenchServer */

/** @typedef {'node' | 'again' | 'uws' | 'nginx' | 'kit' | 'oxide'} SubjectName */

/**
 * @typedef {object} Subject
 * @property {SubjectName} id as `--subjects` takes it
 * @property {string} name
 * @property {string} [folder] what would be deployed
 * @property {boolean} [peer] left out where it cannot be had or does not do its part
 * @property {boolean} [other_kit] built with another SvelteKit, so that its pages differ
 * @property {(path: BenchPath) => boolean} serves
 * @property {(smoke: boolean) => Promise<string | void>} prepare resolves to the reason where it
 *   has to be left out
 * @property {(core: number) => Promise<Running>} start
 *
 * @typedef {object} Running
 * @property {Subject} subject
 * @property {BenchServer} [server] absent for SvelteKit alone
 * @property {(path: BenchPath) => Promise<Answer>} ask
 * @property {(path: BenchPath, options: { seconds: number, core: number }) => Promise<Round>} round
 * @property {() => Promise<void>} stop
 */

/**
 * @param {Subject} subject
 * @param {Promise<BenchServer>} starting
 * @returns {Promise<Running>}
 */
async function running(subject, starting) {
	const server = await starting;
	return {
		subject,
		server,
		ask: (path) => ask(server.url, path),
		round: (path, options) => round(server, path, options),
		stop: () => server.stop()
	};
}

/** Builds of the bench app; more than one subject may want the same. @type {Map<string, Promise<string>>} */
const builds = new Map();

/** @param {import('./servers.js').Adapter} adapter */
function built(adapter) {
	const build = builds.get(adapter) ?? build_app(adapter);
	builds.set(adapter, build);
	return build;
}

/**
 * @param {SubjectName} id
 * @param {import('./servers.js').Adapter} adapter
 * @param {string} [name]
 * @returns {Subject}
 */
function adapter_subject(id, adapter, name = NAMES[adapter]) {
	return {
		id,
		name,
		folder: at('target', 'bench', adapter),
		serves: () => true,
		prepare: async () => void (await built(adapter)),
		async start(core) {
			const starting = start(adapter, await built(adapter), core);
			return running(this, starting);
		}
	};
}

/** @type {Subject} */
const nginx = {
	id: 'nginx',
	name: 'nginx',
	peer: true,
	serves: (path) => path.file === true,
	async prepare() {
		if (!find_nginx()) await ensure_programs(['nginx']);
		if (!find_nginx()) return 'nginx is not installed';
		prepare_nginx(await built('node'));
	},
	start(core) {
		return running(this, start_nginx(core));
	}
};

/** @type {Subject} */
const uws = {
	id: 'uws',
	name: 'svelte-adapter-uws',
	folder: at('target', 'bench', 'uws', 'build'),
	peer: true,
	other_kit: true,
	serves: () => true,
	prepare: (smoke) => prepare_uws(smoke),
	start(core) {
		const folder = at('target', 'bench', 'uws', 'build');
		// without ORIGIN it takes itself to be at http, the others at https
		const origin = (/** @type {number} */ port) => ({ ORIGIN: `https://127.0.0.1:${port}` });
		const starting = launch(this.name, core, (port) => ({
			program: NODE,
			args: ['index.js'],
			cwd: folder,
			env: { NODE_ENV: 'production', HOST: '127.0.0.1', PORT: `${port}`, ...origin(port) }
		}));
		return running(this, starting);
	}
};

/** @type {Subject} */
const kit = {
	id: 'kit',
	name: 'SvelteKit alone',
	serves: (path) => path.kit === true,
	prepare: async () => void (await built('node')),
	async start(core) {
		return { subject: this, ...(await start_kit(await built('node'), core)) };
	}
};

/** In the order in which tables and plots show them; ours is the last. */
const ALL = [adapter_subject('node', 'node'), uws, nginx, kit, adapter_subject('oxide', 'oxide')];

/** adapter-node twice: what differs between the two is the machine's noise. */
export const SELF = [
	adapter_subject('node', 'node'),
	adapter_subject('again', 'node', `${NAMES.node} again`)
];

/** @param {string | undefined} names comma-separated, all of them by default */
export function choose_subjects(names) {
	if (names === undefined) return ALL;
	const wanted = names.split(',').map((name) => name.trim());
	const known = ALL.map(({ id }) => id);
	const unknown = wanted.find((name) => !known.some((id) => id === name));
	if (unknown !== undefined)
		throw new Error(`No subject ${unknown}. Subjects: ${known.join(', ')}`);
	return ALL.filter(({ id }) => wanted.includes(id));
}
