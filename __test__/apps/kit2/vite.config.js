/** The parity app on SvelteKit 2; its adapter is chosen in svelte.config.js. */
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [sveltekit()] });
