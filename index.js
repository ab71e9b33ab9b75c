/**
 * What users import: the adapter. It only says what the adapter is; the build is
 * `adapter/adapt.js`, the server is `runtime/` and `src/`.
 */
import { adapt } from './adapter/adapt.js';
import { sockets_plugin } from './adapter/dev/plugin.js';
import { emulator, request_plugin } from './adapter/emulate.js';
import { hash_plugin } from './adapter/kit-hash.js';
import { hooks_ws_plugin } from './adapter/hooks-ws.js';
import { server_build_plugin } from './adapter/kit3.js';
import { OPTIONS, decide_options } from './adapter/options.js';

/** @type {typeof import('./index.js').default} */
export default function svelte_adapter_oxide(given) {
	const options = decide_options(given);

	return {
		name: 'svelte-adapter-oxide',
		adapt: (builder) => adapt(builder, options),
		supports: {
			read: () => true,
			instrumentation: () => true
		},
		emulate: emulator,
		[OPTIONS]: options,
		// SvelteKit 2 does not read this.
		vite: {
			plugins: {
				pre: [request_plugin(), sockets_plugin(), hash_plugin()],
				post: [server_build_plugin(), hooks_ws_plugin()]
			}
		}
	};
}
