/** One app for both kits: SvelteKit 3 is configured here, SvelteKit 2 in svelte.config.js. */
import process from 'node:process';
import { sveltekit } from '@sveltejs/kit/vite';
import { oxide } from 'svelte-adapter-oxide/vite';
import { options } from './options.js';

const kit_2 = [process.env.WITHOUT_PLUGIN ? [] : oxide(), sveltekit()];

// a name that tests use; Vite answers to no others
const named = { allowedHosts: ['example.test'] };

export default {
	plugins: process.env.KIT === '3' ? [sveltekit(options)] : kit_2,
	server: named,
	preview: named
};
