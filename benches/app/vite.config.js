/**
 * The app that every server of the bench is built from. BENCH_ADAPTER is the URL of the adapter's
 * module and BENCH_OUT the folder; everything else is the same for all.
 */

import process from 'node:process';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

const { default: adapter } = await import(process.env.BENCH_ADAPTER);

export default defineConfig({
	plugins: [
		sveltekit({
			adapter: adapter({ out: process.env.BENCH_OUT ?? 'build' }),
			// all builds must answer with the same bytes
			version: { name: 'bench' }
		})
	]
});
