/**
 * Runs one command to its end with a hard time limit. Leaves long-running servers to
 * `server.js`.
 */
import { spawn } from 'node:child_process';
import process from 'node:process';

/** @param {NodeJS.ProcessEnv} [extra] */
export function clean_env(extra = {}) {
	// what the surrounding npm and test runner put there would leak into what is tested
	/** @type {NodeJS.ProcessEnv} */
	const env = {};
	for (const [name, value] of Object.entries(process.env)) {
		// what reaches the registry must stay: a company's certificates, proxy and mirror
		if (name === 'NODE_EXTRA_CA_CERTS' || name === 'npm_config_registry') {
			env[name] = value;
			continue;
		}
		if (/^(npm_|NODE_|VITE|PORT$|HOST$|ORIGIN$)/.test(name)) continue;
		env[name] = value;
	}
	return { ...env, ...extra };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, input?: string }} [options]
 * @returns {Promise<{ code: number | null, signal: string | null, output: string }>}
 */
export function run(command, args, { cwd, env = {}, timeout = 300_000, input } = {}) {
	return new Promise((fulfil, reject) => {
		const child = spawn(command, args, {
			cwd,
			env: clean_env(env),
			stdio: ['pipe', 'pipe', 'pipe']
		});
		let output = '';
		child.stdout.on('data', (chunk) => (output += chunk));
		child.stderr.on('data', (chunk) => (output += chunk));
		child.stdin.on('error', () => {
			// a command that exits without reading its input is judged by its exit code
		});
		child.stdin.end(input);

		const timer = setTimeout(() => {
			child.kill('SIGKILL');
			reject(new Error(`${command} ${args.join(' ')} ran over ${timeout} ms:\n${output}`));
		}, timeout);

		child.on('error', (error) => {
			clearTimeout(timer);
			reject(error);
		});
		child.on('close', (code, signal) => {
			clearTimeout(timer);
			fulfil({ code, signal, output });
		});
	});
}

/**
 * Like `run`, but anything except success is an error that shows the output
 * @param {Parameters<typeof run>} args
 */
export async function must_run(...args) {
	const result = await run(...args);
	if (result.code !== 0) {
		// what a tool has to say about a failure stands at the end
		const tail = result.output.split('\n').slice(-60).join('\n');
		throw new Error(
			`${args[0]} ${args[1].join(' ')} ended with ${result.code ?? result.signal}:\n${tail}`
		);
	}
	return result.output;
}
