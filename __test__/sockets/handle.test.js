/** The app's `handle`, run for handshakes: its `locals`, its cookies and its own answers, in all modes. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client, refused } from './client.js';
import { MODES, start_mode } from './site.js';

const SERVER_HOOKS = `
import { redirect } from '@sveltejs/kit';
import { sequence } from '@sveltejs/kit/hooks';
import { handleUpgrade } from 'svelte-adapter-oxide/hub';
import { shared } from '#lib/shared.js';

async function first({ event, resolve }) {
	shared.handled = [...(shared.handled ?? []), event.url.pathname];
	event.locals.first = true;
	const response = await resolve(event);
	response.headers.append('set-cookie', 'raw=1');
	if (event.url.searchParams.has('late')) return new Response('after all', { status: 403 });
	return response;
}

async function second({ event, resolve }) {
	const { searchParams: query } = event.url;
	if (query.has('refuse')) return new Response('handle says no', { status: 401 });
	if (query.has('bounce')) redirect(303, '/login');
	if (query.has('fail')) throw new Error('handle throws on purpose');
	if (event.url.pathname !== '/shared') {
		event.cookies.set('by-handle', 'yes', { path: '/' });
		const answer = await (await event.fetch('/shared')).json();
		event.locals.fetched = typeof answer.handshakes;
	}
	return resolve(event);
}

export const handle = handleUpgrade(sequence(first, second));
`;

for (const kit of /** @type {const} */ ([3, 2])) {
	for (const mode of MODES) {
		describe(`SvelteKit ${kit}, ${mode}`, { concurrency: false }, () => {
			/** @type {import('./site.js').AnySite} */
			let site;
			before(async () => {
				site = await start_mode(mode, {
					kit,
					name: 'handle',
					change: (app) => fs.writeFileSync(path.join(app, 'src/hooks.server.js'), SERVER_HOOKS)
				});
			});
			after(() => site?.stop());

			test('`upgrade` has its `locals`, and its cookies go out', async () => {
				const client = await Client.open(site, '/ws?locals&user=ann&cookie=a');
				const { data } = await client.event('welcome');
				assert.deepEqual(data.context.locals, { first: true, fetched: 'number' });
				assert.equal(data.context.address, '127.0.0.1');
				const cookies = client.response?.headers['set-cookie'] ?? [];
				const names = cookies.map((line) => line.split('=')[0]).sort();
				assert.deepEqual(names, ['by-handle', 'raw', 'seen']);
				assert.equal(client.response?.headers['x-hooks'], 'ws');
				client.send('hello');
				assert.equal(await client.next(), 'hello');
				await client.leave();
			});

			test('what it answers by itself refuses the handshake', async () => {
				const refusal = await refused(site, '/ws?refuse');
				assert.deepEqual([refusal.status, refusal.body], [401, 'handle says no']);
				const bounced = await refused(site, '/ws?bounce');
				assert.deepEqual([bounced.status, bounced.headers.location], [303, '/login']);
				const late = await refused(site, '/ws?late');
				assert.deepEqual([late.status, late.body], [403, 'after all']);
				assert.equal((await refused(site, '/ws?fail')).status, 500);
				await site.says('handle throws on purpose');
				assert.equal(await site.hub('count'), 0);
			});

			test('what `upgrade` answers goes through it', async () => {
				const error = await refused(site, '/ws?deny=error');
				assert.equal(error.status, 401);
				assert.match(`${error.headers['set-cookie']}`, /raw=1/);
				assert.equal((await refused(site, '/ws?return')).body, 'returned');
				assert.equal((await refused(site, '/ws?deny=mistake')).status, 500);
				await site.says('upgrade throws on purpose');
			});

			test('requests are none of this', async () => {
				const { handled } = /** @type {any} */ (
					await (await fetch(`http://127.0.0.1:${site.port}/shared`)).json()
				);
				assert.ok(handled.includes('/shared'));
				assert.equal((await fetch(`http://127.0.0.1:${site.port}/ws`)).status, 404);
			});
		});
	}
}

test('without it, `locals` say what is missing', async (t) => {
	const site = await start_mode('build');
	t.after(() => site.stop());
	assert.equal((await refused(site, '/ws?locals')).status, 500);
	await site.says('handleUpgrade');
});
