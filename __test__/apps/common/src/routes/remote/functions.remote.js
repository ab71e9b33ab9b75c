import { command, query } from '$app/server';

export const greeting = query(() => 'hello from a remote function');

export const shout = command('unchecked', (/** @type {string} */ text) => text.toUpperCase());
