/** What apps write, and what must not pass: checked by `tsc`, never run. */
import {
	configure,
	count,
	latest,
	onMessage,
	onRequest,
	presence,
	reconnect,
	request,
	send,
	status,
	topic,
	type ClientError,
	type Position,
	type PresentUser,
	type Status,
	type TopicEvent,
	type TopicState
} from 'svelte-adapter-oxide/client';
import * as runes from 'svelte-adapter-oxide/client/svelte';

interface Message {
	text: string;
}

configure({ path: '/base/ws', linger: 0, retry: (code, reason) => code !== 4000 && reason === '' });
configure({ url: () => new URL('wss://app.example/ws') });
// @ts-expect-error no such option
configure({ pth: '/ws' });

const chat = topic<Message>('chat', { since: { epoch: 'e', seq: 1 } });
const stop: () => void = chat.subscribe((event) => {
	const found: TopicEvent<Message> | undefined = event;
	// @ts-expect-error there may be none
	event.data.text;
	found?.data.text.length;
});
stop();
chat.on((event) => event.data.text.length + event.seq + event.timestamp);
chat.on('message', ({ data }) => data.text);
// @ts-expect-error no such member
chat.on('message', ({ data }) => data.texts);
// @ts-expect-error clients do not publish
chat.publish({ text: '' });
const gap: () => void = chat.onGap(() => reconnect());
gap();
const position: Position | undefined = chat.position;
const state: TopicState = chat.state.current;
if (state.status === 'refused') state.error?.code.length;

const now: Status = status.current;
const closed: number | undefined = status.closed?.code;
const price: number = latest('price', 0).current;
// @ts-expect-error without an initial value there may be none
const none: string = latest<string>('price').current;
const users: PresentUser<{ name: string }>[] = presence<{ name: string }>('chat').current;
const many: number = count('chat', 1).current;

onMessage((message, raw) => typeof raw === 'string' && message.type);
onRequest(async (data) => ({ data }));
const sent: Promise<void> = send({ any: 'thing' });
const answer: Promise<Message> = request<Message>('which', { timeout: 1000 });
answer.catch((error: ClientError) => error.code);

const same: typeof chat = runes.topic<Message>('chat');

declare module 'svelte-adapter-oxide/hub' {
	interface Topics {
		'usage:chat': { from: string; text: string };
		'usage:event': { type: 'joined'; data: number } | { type: 'left' };
		'usage:text': string;
	}
}

const known = topic('usage:chat');
known.on(({ data }) => data.from + data.text);
// @ts-expect-error no such member
known.on('message', ({ data }) => data.form);
const from: string | undefined = latest('usage:chat').current?.from;
const text: string = latest('usage:text', '').current;
topic('usage:event').on(({ data }) => {
	const number: number | undefined = data;
	return number;
});
// what a page says itself stands
const own = topic<{ more: true }>('usage:chat').latest?.data.more;
const anything: Date = topic('usage:unknown').latest?.data;
const texts: string | undefined = topic<string>('usage:unknown').latest?.data;
const rune: string | undefined = runes.topic('usage:chat').latest?.data.text;

export { from, text, own, anything, texts, rune };
export { position, now, closed, price, none, users, many, sent, same };
