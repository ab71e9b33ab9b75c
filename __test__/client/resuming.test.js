/** Topics after a connection was lost: what was missed comes once, or its gap is told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, open_page, open_topic, settled, values_of } from './page.js';

describe('resuming', () => {
	/** Loses the connection after event 7 and gets the next one. */
	async function lose() {
		const found = await open_topic('chat');
		const { page, topic } = found;
		const { values } = values_of(topic.state);
		let gaps = 0;
		topic.onGap(() => gaps++);
		await page.socket.say(event('chat', 7));
		await page.socket.end(1006);
		await page.clock.pass(500);
		await page.socket.accept();
		return { ...found, states: values, gaps: () => gaps };
	}

	test('tells what was seen, and gets the rest once', async () => {
		const { page, topic, events, states, gaps } = await lose();
		const [wish] = page.socket.frames('__subscribe');
		assert.deepEqual(wish.since, { epoch: 'e1', seq: 7 });
		await page.socket.grant('chat', { seq: 9, resumed: true });
		for (const seq of [7, 8, 9, 10]) await page.socket.say(event('chat', seq));
		assert.deepEqual(
			events.map(({ seq }) => seq),
			[7, 8, 9, 10]
		);
		assert.equal(gaps(), 0);
		assert.deepEqual(topic.position, { epoch: 'e1', seq: 10 });
		assert.deepEqual(
			states.map(({ status }) => status),
			['open', 'pending', 'open']
		);
	});

	test('a connection that ends before the rest has come asks for it again', async () => {
		const { page } = await lose();
		await page.socket.grant('chat', { seq: 9, resumed: true });
		await page.socket.end(1006);
		await page.clock.pass(1000);
		await page.socket.accept();
		assert.equal(page.socket.frames('__subscribe')[0].since.seq, 7);
	});

	test('what is gone is told', async () => {
		const { page, topic, events, states, gaps } = await lose();
		await page.socket.grant('chat', { seq: 90, resumed: false });
		assert.equal(gaps(), 1);
		assert.deepEqual(states.at(-1), { status: 'open', gaps: 1, error: undefined });
		assert.deepEqual(topic.position, { epoch: 'e1', seq: 90 });
		for (const seq of [90, 91]) await page.socket.say(event('chat', seq));
		assert.deepEqual(
			events.map(({ seq }) => seq),
			[7, 91]
		);
	});

	test('another process begins its own numbers', async () => {
		const { page, events, gaps } = await lose();
		await page.socket.grant('chat', { epoch: 'e2', seq: 2, resumed: false });
		await page.socket.say(event('chat', 3));
		assert.equal(gaps(), 1);
		assert.equal(events.at(-1).seq, 3);
	});

	test('a server that had given the topic already may know nothing of before', async () => {
		const one = await lose();
		await one.page.socket.grant('chat', { seq: 9, resumed: null });
		assert.equal(one.gaps(), 1);
		const two = await lose();
		await two.page.socket.grant('chat', { seq: 7, resumed: null });
		assert.equal(two.gaps(), 0, 'nothing was published meanwhile');
	});

	test('a position from elsewhere', async () => {
		const page = open_page();
		const topic = page.client.topic('chat', { since: { epoch: 'e0', seq: 5 } });
		assert.deepEqual(topic.position, { epoch: 'e0', seq: 5 });
		let gaps = 0;
		topic.onGap(() => gaps++);
		await settled();
		await page.socket.accept();
		assert.deepEqual(page.socket.frames('__subscribe')[0].since, { epoch: 'e0', seq: 5 });
		await page.socket.grant('chat', { resumed: false });
		assert.equal(gaps, 1);

		page.client.topic('store', { since: { epoch: 'e0', seq: 6 } }).subscribe(() => {});
		await settled();
		assert.equal(page.socket.frames('__subscribe')[1].since.seq, 6);
	});

	test('one that was left out of something loads anew, whatever it was', async () => {
		const { page, topic } = await open_topic('chat');
		const { values } = values_of(topic.state);
		let gaps = 0;
		topic.onGap(() => gaps++);
		page.client.topic('later').onGap(() => assert.fail('it has nothing yet'));
		await settled();
		await page.socket.say({ type: '__skipped', count: 3 });
		assert.equal(gaps, 1);
		assert.deepEqual(values.at(-1), { ...values.at(0), gaps: 1 });
	});

	test('a connection that ends before the answer is no refusal', async () => {
		const page = open_page();
		const { values } = values_of(page.client.topic('chat').state);
		await settled();
		await page.socket.accept();
		await page.socket.end(1006);
		await page.clock.pass(500);
		await page.socket.accept();
		await page.socket.grant('chat');
		const statuses = values.map(({ status }) => status);
		assert.deepEqual([...new Set(statuses)], ['pending', 'open']);
	});

	test('the first time nothing is asked for and nothing missed', async () => {
		const { page, topic } = await open_topic('chat');
		const [wish] = page.socket.frames('__subscribe');
		assert.equal('since' in wish, false);
		assert.deepEqual(topic.state.current, { status: 'open', gaps: 0, error: undefined });
	});
});
