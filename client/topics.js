/**
 * The topics that anybody in this page uses: subscribed once each, resumed after a new
 * connection, and left when nobody uses them. A topic also knows who is there and how many.
 */
import { each, store } from './store.js';

/** @typedef {import('./outbox.js').Frame} Frame */
/** @typedef {{ epoch: string, seq: number }} Position */
/** @typedef {{ id: string, info?: any }} User */
/**
 * @template T
 * @typedef {import('./store.js').Store<T>} Store
 */

/**
 * @typedef {object} State
 * @property {'idle' | 'pending' | 'open' | 'refused'} status
 * @property {number} gaps how often messages were missed for good
 * @property {import('./outbox.js').Failure} [error]
 */

/**
 * @typedef {object} Channel
 * @property {string} name
 * @property {number} users how many look at any of its stores or listen
 * @property {number} phase
 * @property {Position} [since] up to where everything has been seen
 * @property {Map<object, (event: any) => void>} handlers
 * @property {Map<object, () => void>} gaps
 * @property {Store<State>} state
 * @property {Store<Frame | undefined>} event the last one
 * @property {Store<User[] | undefined>} roll who is there
 * @property {boolean} rolling somebody looks at the roll
 * @property {boolean} rolled the server was asked for it, and tells of changes
 * @property {number} [roll_seq] of the last change in it; none until the roll has come
 * @property {Frame[]} early changes that came before it
 * @property {Store<number | undefined>} total how many peers have the topic
 * @property {boolean} counting somebody looks at that
 * @property {boolean} due the server is to be asked for it
 */

/** @type {State} */
export const IDLE = { status: 'idle', gaps: 0 };

/** How often the number of peers is asked for, in a page that is looked at. */
const COUNT_EVERY = 10_000;

/** How long a topic waits that the server could not give. */
const ASK_AGAIN = 3000;

const PRESENCE = '__presence:';

/** What the server knows of our subscription. */
const WANTED = 0;
const ASKED = 1;
const HAVE = 2;
const REFUSED = 3;
const LEAVING = 4;

/**
 * @param {import('./link.js').Page} page
 * @param {import('./link.js').Link} link
 * @param {import('./outbox.js').Outbox} outbox
 * @param {() => void} changed is called when something is to be done
 */
export function create_topics(page, link, outbox, changed) {
	/** @type {Map<string, Channel>} */
	const channels = new Map();

	/** @param {Channel} channel */
	function hold(channel) {
		channel.users++;
		changed();
		return () => {
			channel.users--;
			changed();
		};
	}

	/**
	 * @param {string} name
	 * @param {Position} [since] what whoever begins to use it has seen already
	 */
	function channel_of(name, since) {
		const found = channels.get(name);
		if (found) return found;
		const held = () => hold(channel);
		/** @type {Channel} */
		const channel = {
			name,
			users: 0,
			phase: WANTED,
			since,
			handlers: new Map(),
			gaps: new Map(),
			state: store({ status: 'pending', gaps: 0 }, held),
			event: store(undefined, held),
			roll: store(undefined, () => {
				const release = held();
				channel.rolling = true;
				return () => {
					channel.rolling = false;
					release();
				};
			}),
			rolling: false,
			rolled: false,
			early: [],
			total: store(undefined, () => {
				const release = held();
				const timer = page.setInterval(() => {
					channel.due = !link.hidden();
					changed();
				}, COUNT_EVERY);
				channel.counting = channel.due = true;
				return () => {
					channel.counting = channel.due = false;
					page.clearInterval(timer);
					release();
				};
			}),
			counting: false,
			due: false
		};
		channels.set(name, channel);
		return channel;
	}

	/** @param {Channel} channel @param {Partial<State>} change */
	function tell(channel, change) {
		channel.state.set({ ...channel.state.current, ...change });
	}

	/** Something of it was missed for good. @param {Channel} channel */
	function gap(channel) {
		tell(channel, { gaps: channel.state.current.gaps + 1 });
		each(channel.gaps.values());
	}

	/** @param {Channel} channel */
	function subscribe(channel) {
		const { name, since } = channel;
		channel.phase = ASKED;
		outbox.ask(
			{ type: '__subscribe', topic: name, since },
			({ epoch, seq, resumed }) => {
				channel.phase = HAVE;
				// "null" is the answer to one that has the topic already, as when a hook gave it: then
				// nothing is known of what was before.
				const missed = since && !resumed && (since.epoch !== epoch || since.seq !== seq);
				if (!resumed) channel.since = { epoch, seq };
				tell(channel, { status: 'open', error: undefined });
				if (missed) gap(channel);
			},
			(error) => {
				channel.phase = REFUSED;
				tell(channel, { status: 'refused', error });
				// the server had too much to do, which passes
				if (error.code === 'too-many') page.setTimeout(() => ask_again(channel), ASK_AGAIN);
			}
		);
	}

	/** @param {Channel} channel */
	function ask_again(channel) {
		if (channel.phase !== REFUSED) return;
		channel.phase = WANTED;
		changed();
	}

	/** @param {Channel} channel */
	function leave(channel) {
		const left = () => {
			channel.phase = WANTED;
		};
		channel.phase = LEAVING;
		tell(channel, { status: 'pending' });
		if (channel.rolled) leave_roll(channel);
		outbox.ask({ type: '__unsubscribe', topic: channel.name }, left, left);
	}

	/** @param {Channel} channel */
	function ask_roll(channel) {
		channel.rolled = true;
		channel.roll_seq = undefined;
		outbox.ask(
			{ type: '__presence', topic: channel.name },
			({ seq, users }) => {
				if (!channel.rolled) return;
				const changes = channel.early.splice(0);
				channel.roll_seq = seq;
				channel.roll.set(users);
				for (const change of changes) apply(channel, change);
			},
			(error) => tell(channel, { error })
		);
	}

	/** @param {Channel} channel */
	function leave_roll(channel) {
		channel.rolled = false;
		channel.early = [];
		channel.roll.set(undefined);
		const nothing = () => {};
		outbox.ask({ type: '__unsubscribe', topic: PRESENCE + channel.name }, nothing, nothing);
	}

	/** Somebody has come or gone. @param {Channel} channel @param {Frame} change */
	function apply(channel, change) {
		const { seq, type, data } = change;
		if (!channel.rolled) return;
		if (channel.roll_seq === undefined) {
			channel.early.push(change);
		} else if (seq > channel.roll_seq + 1) {
			// one was left out, as happens to readers that are too slow
			channel.rolled = false;
			advance();
		} else if (seq > channel.roll_seq) {
			channel.roll_seq = seq;
			const others = (channel.roll.current ?? []).filter(({ id }) => id !== data.id);
			channel.roll.set(type === 'join' ? [...others, data] : others);
		}
	}

	/** @param {Channel} channel */
	function count(channel) {
		channel.due = false;
		outbox.ask(
			{ type: '__count', topic: channel.name },
			(answer) => channel.total.set(answer.count),
			(error) => tell(channel, { error })
		);
	}

	/** Asks for what is to be asked for, as far as there is room. */
	function advance() {
		for (const channel of [...channels.values()]) {
			const { users, name } = channel;
			if (channel.phase === WANTED || channel.phase === REFUSED) {
				if (users === 0) channels.delete(name);
				else if (channel.phase === WANTED && outbox.room(1)) subscribe(channel);
			} else if (channel.phase === HAVE) {
				if (users === 0) {
					if (outbox.room(2)) leave(channel);
					continue;
				}
				if (channel.rolling !== channel.rolled && outbox.room(1)) {
					if (channel.rolling) ask_roll(channel);
					else leave_roll(channel);
				}
				if (channel.due && outbox.room(1)) count(channel);
			}
		}
	}

	/**
	 * @param {Frame} event
	 * @returns {boolean} whether it is one of a topic that is or was used here
	 */
	function received(event) {
		const { topic, seq } = event;
		if (topic.startsWith(PRESENCE)) {
			const channel = channels.get(topic.slice(PRESENCE.length));
			if (channel) apply(channel, event);
			return true;
		}
		const channel = channels.get(topic);
		if (!channel) return false;
		const { since } = channel;
		if (!since || seq > since.seq) {
			if (since) channel.since = { epoch: since.epoch, seq };
			each(channel.handlers.values(), event);
			channel.event.set(event);
		}
		return true;
	}

	/** We have read too slowly, and were left out of messages: of which topics nobody says. */
	function skipped() {
		for (const channel of channels.values()) if (channel.phase === HAVE) gap(channel);
	}

	/** The connection is gone, and with it everything the server knew of us. */
	function lost() {
		for (const channel of [...channels.values()]) {
			channel.phase = WANTED;
			channel.rolled = false;
			channel.early = [];
			channel.due = channel.counting;
			if (channel.users > 0) tell(channel, { status: 'pending', error: undefined });
			else channels.delete(channel.name);
		}
	}

	return {
		channel_of,
		hold,
		advance,
		received,
		skipped,
		lost,
		/** @param {string} name */
		find: (name) => channels.get(name),
		busy: () => [...channels.values()].some(({ users }) => users > 0)
	};
}
