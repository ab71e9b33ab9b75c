/**
 * The app both servers of the A/B bench are built from. BENCH_ADAPTER chooses the adapter and
 * BENCH_OUT the folder; everything else is the same for both.
 */

import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

const ADAPTERS = {
	node: '@sveltejs/adapter-node',
	oxide: '../../index.js'
};

const name = /** @type {keyof typeof ADAPTERS} */ (process.env.BENCH_ADAPTER ?? 'oxide');
const { default: adapter } = await import(ADAPTERS[name]);

export default defineConfig({
	plugins: [
		sveltekit({
			adapter: adapter({ out: process.env.BENCH_OUT ?? 'build' }),
			// the two builds must answer with the same bytes
			version: { name: 'bench' }
		})
	]
});
