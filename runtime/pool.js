/**
 * The workers' threads, as seen from the main thread: starts them, ends them and reports their
 * ends. When and why is for the addon to decide, whose actions are carried out here; nothing here
 * runs the app's code, so that the main thread always responds.
 */
import { builtin } from './builtin.js';
import { hard_limit, watch_heap } from './heap.js';
import { look_into } from './hung.js';
import { ENTERING_BYTES, entered } from './this-worker.js';

/** @typedef {import('../native/index.js').PoolAction} Action */
/** @typedef {import('../native/index.js').DeathCause} Cause */
/** @typedef {import('node:worker_threads').Worker} Thread */
/** @typedef {'SIGINT' | 'SIGTERM' | 'IDLE'} Reason */

/**
 * What a thread starts with.
 * @typedef {object} Start
 * @property {number} id
 * @property {string} build the name of the build that it is to run
 * @property {string} addon the binary that the process has loaded
 * @property {SharedArrayBuffer} entering
 */

/**
 * What a thread is told; nothing else is.
 * @typedef {{ end: Reason }} Message
 */

/**
 * The part of the addon that the pool talks to.
 * @typedef {Pick<typeof import('../native/index.js'), 'startPool' | 'workerExited' | 'runningIn' | 'runningUnknown' | 'abandon'>} Native
 */

/** The longest interval there is; it only keeps the process alive. */
const FOREVER = 2 ** 31 - 1;

/**
 * @typedef {object} Member
 * @property {number} id
 * @property {Thread} thread
 * @property {SharedArrayBuffer} entering
 * @property {Cause | null} cause of its death, where it is known before the thread has exited
 * @property {boolean} ending it has been told to end
 * @property {boolean} doomed it is being terminated
 */

/**
 * Megabytes of a worker's young generation. V8's own choice lets it grow to several times that under
 * load and keeps it, which is a third of a worker's memory and no faster. `--max-semi-space-size`
 * goes before it.
 */
const YOUNG_GENERATION = 48;

/** Why a worker is terminated that has not been ordered to be. */
const FULL = 'memory';

export class Pool {
	/** @type {Native} */
	#native;
	#addon;
	#place;
	#memory_limit;
	/** @type {Map<number, Member>} */
	#members = new Map();
	/** @type {Reason | undefined} */
	#reason;
	/** @type {NodeJS.Timeout | undefined} */
	#alive;
	/** The stack that was printed last; workers that cannot start all die of the same. */
	#printed = '';

	/**
	 * @param {object} parts
	 * @param {Native} parts.native
	 * @param {string} parts.addon
	 * @param {string} parts.place where builds are put
	 * @param {number} [parts.memory_limit] of each worker's heap, in bytes
	 */
	constructor({ native, addon, place, memory_limit }) {
		// for Node to keep, as `enter_folder` says
		process.cwd();
		this.#native = native;
		this.#addon = addon;
		this.#place = place;
		this.#memory_limit = memory_limit;
	}

	/**
	 * @returns {Promise<void>} resolves once the first worker takes exchanges; rejects if none ever
	 *   will, with what the user has to be told
	 */
	start() {
		// the addon does not hold the event loop, and between two workers nothing else does
		this.#alive = setInterval(() => {}, FOREVER);
		return new Promise((resolve, reject) => {
			this.#native.startPool((action) => {
				switch (action.kind) {
					case 'spawn':
						return this.#spawn(action);
					case 'end':
						return this.#end(this.#members.get(action.worker), as_reason(action.reason));
					case 'terminate':
						return void this.#terminate(this.#members.get(action.worker), action.reason);
					case 'ready':
						return resolve();
					case 'giveUp':
						return reject(new Error(action.reason));
				}
			}, this.#place);
		});
	}

	/**
	 * Whoever ends from here on ends since the process does.
	 * @param {Reason} reason
	 */
	expect_end(reason) {
		this.#reason = reason;
	}

	/**
	 * Ends all workers; the process then ends with the last of them.
	 * @param {Reason} reason
	 */
	end(reason) {
		this.#reason = reason;
		for (const member of this.#members.values()) this.#end(member, reason);
		this.#let_go();
	}

	/** @param {Action} action */
	#spawn({ worker: id, dir, name }) {
		/** @type {typeof import('node:worker_threads')} */
		const { Worker } = builtin('node:worker_threads');
		/** @type {typeof import('node:url')} */
		const { pathToFileURL } = builtin('node:url');

		const entering = new SharedArrayBuffer(ENTERING_BYTES);
		/** @type {Start} */
		const start = { id, build: name, addon: this.#addon, entering };
		const limit = this.#memory_limit;
		/** @type {Thread} */
		let thread;
		try {
			enter_folder(dir);
			thread = new Worker(pathToFileURL(`${dir}/server/oxide-worker.js`), {
				name: `worker ${id}`,
				workerData: start,
				resourceLimits: {
					maxYoungGenerationSizeMb: YOUNG_GENERATION,
					...(limit !== undefined && { maxOldGenerationSizeMb: hard_limit(limit, Worker) })
				}
			});
		} catch (error) {
			// no thread is to be had; later, as an exit is never told within the action
			const cause = this.#cause_of(id, error);
			setImmediate(() => this.#native.workerExited(id, cause));
			return;
		}
		/** @type {Member} */
		const member = { id, thread, entering, cause: null, ending: false, doomed: false };
		this.#members.set(id, member);
		thread.on('error', (error) => (member.cause = this.#cause_of(id, error)));
		thread.on('exit', (code) => this.#exited(member, code));
		if (limit !== undefined) {
			watch_heap(thread, limit, () => {
				member.cause = { kind: 'oom', code: 1, message: '' };
				this.#terminate(member, FULL);
			});
		}
	}

	/**
	 * @param {Member} member
	 * @param {number} code
	 */
	#exited(member, code) {
		const { id, entering, cause } = member;
		this.#members.delete(id);
		// one that had no time to say what it was doing may have noted what it was entering
		if (cause?.kind === 'oom' && !member.doomed) this.#suspect(id, entered(entering));
		this.#native.workerExited(id, cause ?? { kind: 'exit', code, message: '' });
		this.#let_go();
	}

	/**
	 * Tells the reason of a death to the log, where there is more to it than fits in a line.
	 * @param {number} id
	 * @param {unknown} error
	 * @returns {Cause}
	 */
	#cause_of(id, error) {
		const {
			code,
			message = String(error),
			stack
		} = /** @type {NodeJS.ErrnoException} */ (error ?? {});
		if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { kind: 'oom', code: 1, message };
		const text = stack ?? message;
		if (text === this.#printed) console.error(`Worker ${id} died of the same: ${message}`);
		else console.error(`Worker ${id} died of an uncaught exception:`, error);
		this.#printed = text;
		return { kind: 'error', code: 1, message };
	}

	/**
	 * @param {Member | undefined} member
	 * @param {Reason} reason
	 */
	#end(member, reason) {
		if (member === undefined || member.ending) return;
		member.ending = true;
		/** @type {Message} */
		const message = { end: this.#reason ?? reason };
		member.thread.postMessage(message);
	}

	/**
	 * @param {Member | undefined} member
	 * @param {string} reason
	 */
	async #terminate(member, reason) {
		if (member === undefined || member.doomed) return;
		member.doomed = true;
		if (reason === 'unresponsive') await this.#investigate(member, 'does not respond');
		if (reason === FULL) await this.#investigate(member, 'has filled its heap');
		// its thread may never go
		this.#native.abandon(member.id);
		await member.thread.terminate();
	}

	/**
	 * @param {Member} member
	 * @param {string} fault
	 */
	async #investigate({ id, thread, entering }, fault) {
		const testimony = await look_into(thread);
		// it has died by itself meanwhile, and its exchanges have been dealt with
		if (!this.#members.has(id)) return;
		const running = testimony?.running ?? entered(entering);
		const what = running?.what === undefined ? '' : ` while it answers ${running.what}`;
		const where = testimony === null ? ', nor says where it is' : `:\n${testimony.stack}`;
		console.error(`Worker ${id} ${fault}${what}${where}`);
		// asked, it may have been outside of any exchange
		if (testimony === null || running !== null) this.#suspect(id, running);
	}

	/**
	 * @param {number} id
	 * @param {import('./testimony.js').Running | null} running `null`: nobody can tell; it may be any
	 */
	#suspect(id, running) {
		if (running === null) this.#native.runningUnknown(id);
		else this.#native.runningIn(id, running.slot, running.generation);
	}

	/** Without workers, and with none to come, nothing keeps the process. */
	#let_go() {
		if (this.#reason !== undefined && this.#members.size === 0) clearInterval(this.#alive);
	}
}

/**
 * No thread starts while the folder that the process is in is gone, as that of a build is which
 * another one has replaced. Node has kept its path, where another may lie now.
 * @param {string} dir where the build is
 */
function enter_folder(dir) {
	try {
		process.chdir(process.cwd());
	} catch {
		process.chdir(dir);
	}
}

/**
 * `sveltekit:shutdown` knows three reasons. Whoever is replaced while the server goes on has
 * cleaning up to do as at a SIGTERM, which is what it would get as a process of its own.
 * @param {string} reason
 * @returns {Reason}
 */
function as_reason(reason) {
	return reason === 'SIGINT' || reason === 'IDLE' ? reason : 'SIGTERM';
}
