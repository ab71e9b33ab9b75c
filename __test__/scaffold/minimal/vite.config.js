import { sveltekit } from '@sveltejs/kit/vite';
import adapter from 'svelte-adapter-oxide';

export default {
	plugins: [sveltekit({ adapter: adapter() })]
};
