/**
 * The app both servers of the A/B bench are built from. BENCH_ADAPTER is the URL of the adapter's
 * module and BENCH_OUT the folder; everything else is the same for both.
 */

import process from 'node:process';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

const { default: adapter } = await import(process.env.BENCH_ADAPTER);

export default defineConfig({
	plugins: [
		sveltekit({
			adapter: adapter({ out: process.env.BENCH_OUT ?? 'build' }),
			// the two builds must answer with the same bytes
			version: { name: 'bench' }
		})
	]
});
