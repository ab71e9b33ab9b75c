import process from 'node:process';
import adapter from 'svelte-adapter-oxide';

export const options = {
	adapter: adapter(JSON.parse(process.env.ADAPTER_OPTIONS ?? '{}')),
	paths: { base: process.env.BASE ?? '' },
	version: { name: 'sockets' }
};
