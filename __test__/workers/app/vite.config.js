/** An app of which there are several releases: `RELEASE` stands in all that is built from it. */
import process from 'node:process';
import { sveltekit } from '@sveltejs/kit/vite';
import adapter from 'svelte-adapter-oxide';
import { defineConfig } from 'vite';

export default defineConfig({
	define: { RELEASE: JSON.stringify(process.env.RELEASE) },
	plugins: [sveltekit({ adapter: adapter() })]
});
