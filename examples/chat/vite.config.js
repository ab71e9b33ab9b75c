import { sveltekit } from '@sveltejs/kit/vite';
import adapter from 'svelte-adapter-oxide';

export default {
	plugins: [
		sveltekit({
			adapter: adapter({
				// `src/hooks.ws.js` alone turns WebSockets on. With `replay`, who was away for a moment
				// gets what was said meanwhile.
				websocket: { replay: { size: 100, ttl: '5m' } }
			})
		})
	]
};
