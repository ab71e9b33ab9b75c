/** The parity app on SvelteKit 2; the environment chooses the adapter and the variant. */
import fs from 'node:fs';
import process from 'node:process';

const {
	ADAPTER = 'node',
	VARIANT_BASE = '',
	VARIANT_ENV_PREFIX = '',
	VARIANT_INSTRUMENTATION
} = process.env;
const packages = { node: '@sveltejs/adapter-node', oxide: 'svelte-adapter-oxide' };
const instrumented = VARIANT_INSTRUMENTATION !== undefined;
if (instrumented) fs.copyFileSync('instrumentation.server.js', 'src/instrumentation.server.js');

const { default: adapter } = await import(packages[ADAPTER]);

export default {
	kit: {
		adapter: adapter({ envPrefix: VARIANT_ENV_PREFIX }),
		csrf: { trustedOrigins: ['https://trusted.example'] },
		experimental: { remoteFunctions: true, instrumentation: { server: instrumented } },
		paths: { base: VARIANT_BASE },
		prerender: { handleUnseenRoutes: 'ignore' },
		version: { name: 'parity' }
	}
};
