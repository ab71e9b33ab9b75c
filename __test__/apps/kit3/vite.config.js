/** The parity app on SvelteKit 3; the environment chooses the adapter and the variant. */
import fs from 'node:fs';
import process from 'node:process';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

const {
	ADAPTER = 'node',
	VARIANT_BASE = '',
	VARIANT_ORIGIN,
	VARIANT_ENV_PREFIX = '',
	VARIANT_INSTRUMENTATION,
	VARIANT_PRECOMPRESS = 'true'
} = process.env;
const packages = { node: '@sveltejs/adapter-node', oxide: 'svelte-adapter-oxide' };
if (VARIANT_INSTRUMENTATION) {
	fs.copyFileSync('instrumentation.server.js', 'src/instrumentation.server.js');
}

const { default: adapter } = await import(packages[ADAPTER]);

export default defineConfig({
	plugins: [
		sveltekit({
			adapter: adapter({
				envPrefix: VARIANT_ENV_PREFIX,
				precompress: JSON.parse(VARIANT_PRECOMPRESS)
			}),
			csrf: { trustedOrigins: ['https://trusted.example'] },
			experimental: { remoteFunctions: true },
			paths: { base: VARIANT_BASE, origin: VARIANT_ORIGIN },
			prerender: { handleUnseenRoutes: 'ignore' },
			version: { name: 'parity' }
		})
	]
});
