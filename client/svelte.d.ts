/**
 * The same as `svelte-adapter-oxide/client`, for runes: every `current`, and a topic's `latest`,
 * is reactive. Each is still a store. Needs Svelte 5.7.
 *
 * ```svelte
 * <script>
 * 	import { topic, presence, status } from 'svelte-adapter-oxide/client/svelte';
 *
 * 	let { room } = $props();
 * 	const chat = $derived(topic(`room:${room}`));
 * 	const people = $derived(presence(`room:${room}`));
 * 	let messages = $state([]);
 * 	$effect(() => chat.on((event) => messages.push(event.data)));
 * </script>
 *
 * {status.current}: {people.current.length} here
 * ```
 */
export * from './index.js';
