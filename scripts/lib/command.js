/**
 * Runs other programs for the scripts: output passed through as it comes, a non-zero
 * exit turned into an error that names the command. Decides nothing about what to run.
 */

import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { NODE, ROOT } from './places.js';

/**
 * @typedef {object} Options
 * @property {string} [cwd] where to run it, the repository by default
 * @property {Record<string, string | undefined>} [env] set on top of the inherited environment; undefined removes
 * @property {boolean} [quiet] keep the output and show it only when the command fails
 * @property {(line: string) => void} [online] sees every line of stdout
 */

/** A command that could not be started or did not end with 0. */
export class CommandError extends Error {
	/**
	 * @param {string} message
	 * @param {number | null} code
	 */
	constructor(message, code) {
		super(message);
		this.name = 'CommandError';
		this.code = code;
	}
}

/**
 * The environment for children: Node 24 and the tools of `node_modules` come first on
 * the path, and nothing of the npm script that started us leaks into theirs.
 * @param {Record<string, string | undefined>} [changes]
 */
export function environment(changes = {}) {
	/** @type {NodeJS.ProcessEnv} */
	const env = {};
	for (const [name, value] of Object.entries(process.env)) {
		// `npm run` exports its own package and configuration under these names; a child
		// `npm install` elsewhere would take them for its own.
		if (/^npm_(package|lifecycle|command|node_execpath)/.test(name)) continue;
		env[name] = value;
	}
	const old = env.PATH ?? env.Path ?? '';
	const wanted = [path.dirname(NODE), path.join(ROOT, 'node_modules', '.bin')];
	// rustup edits shell profiles, which a shell opened earlier or a service has not read
	env.PATH = [...wanted, old, path.join(os.homedir(), '.cargo', 'bin')].join(path.delimiter);
	for (const [name, value] of Object.entries(changes)) {
		if (value === undefined) delete env[name];
		else env[name] = value;
	}
	return env;
}

/**
 * A command as someone in the repository would type it.
 * @param {string} command
 * @param {string[]} args
 */
const shown = (command, args) =>
	[command === NODE ? 'node' : command, ...args].join(' ').replaceAll(ROOT + path.sep, '');

/**
 * Runs a command to its end. Resolves to its stdout where that was kept.
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 * @returns {Promise<string>}
 */
export function run(command, args, { cwd = ROOT, env, quiet = false, online } = {}) {
	return new Promise((resolve, reject) => {
		const piped = quiet || online;
		const child = spawn(command, args, {
			cwd,
			env: environment(env),
			stdio: ['ignore', piped ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
			// npm is a .cmd file on Windows, which only a shell can start
			shell: process.platform === 'win32' && command === 'npm'
		});

		let kept = '';
		let errors = '';
		let line = '';
		child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
			if (quiet) kept += text;
			else process.stdout.write(text);
			if (!online) return;
			const lines = (line + text).split('\n');
			line = lines.pop() ?? '';
			for (const each of lines) online(each);
		});
		child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
			errors += text;
		});

		child.once('error', (error) => {
			const missing = /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';
			reject(new CommandError(missing ? `${command} was not found` : error.message, null));
		});
		child.once('close', (code, signal) => {
			if (online && line) online(line);
			if (code === 0) return resolve(kept);
			if (quiet) process.stderr.write(kept + errors);
			const how = signal ? `was ended by ${signal}` : `exited with ${code}`;
			reject(new CommandError(`${shown(command, args)} ${how}`, code));
		});
	});
}

/**
 * True when the command runs and exits with 0; its output is dropped.
 * @param {string} command
 * @param {string[]} args
 */
export function succeeds(command, args) {
	return new Promise((/** @type {(ok: boolean) => void} */ resolve) => {
		const child = spawn(command, args, { stdio: 'ignore', env: environment() });
		child.once('error', () => resolve(false));
		child.once('close', (code) => resolve(code === 0));
	});
}
