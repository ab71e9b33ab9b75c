/**
 * A peer as the app sees it, with the names and shapes of crossws. Hooks get the same object for a
 * peer as long as it is on their worker; the hub's functions give out others, whose `context` is a
 * copy of what the peer's hooks have kept last.
 */
import { native, settings } from '../native.js';
import { check_origin } from '../origins.js';
import { LightRequest } from '../web/request.js';
import { BODY_NONE } from '../wire.js';
import { Card } from './card.js';
import { format_id } from './ids.js';
import { disconnect, publish, send } from './sending.js';

/** @import { Options } from './sending.js' */

const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * Another process, and what it says of a peer.
 * @typedef {{ epoch: string, topics: string[] }} Far
 */

export class Peer {
	#slot;
	#generation;
	/** @type {Card | null} */
	#card;
	/** @type {string | undefined} */
	#id;
	/** @type {Request | undefined} */
	#request;
	/** @type {Far | undefined} */
	#far;

	/**
	 * @param {number} slot
	 * @param {number} generation
	 * @param {Card | null} card `null`: the hub is asked for it when it is needed
	 * @param {Far} [far] of a peer of another process, whose card is at hand
	 */
	constructor(slot, generation, card, far) {
		this.#slot = slot;
		this.#generation = generation;
		this.#card = card;
		this.#far = far;
	}

	/** One that has gone meanwhile has nothing on its card. */
	get #own_card() {
		if (this.#card === null) {
			const bytes = native.hubCard(this.#slot, this.#generation);
			this.#card = bytes === null ? Card.blank() : new Card(bytes);
		}
		return this.#card;
	}

	get #address() {
		return { slot: this.#slot, generation: this.#generation, epoch: this.#far?.epoch };
	}

	get id() {
		return (this.#id ??= format_id(this.#slot, this.#generation, this.#far?.epoch));
	}

	/** What `upgrade` and the hooks after it keep of the peer. */
	get context() {
		return this.#own_card.context;
	}

	/** Who it is, as `upgrade` said. */
	get user() {
		return this.#own_card.head.user;
	}

	/** How it is reached: a stream of server-sent events, `sse`, only hears. */
	get transport() {
		return this.#own_card.head.transport;
	}

	/** The path's parameters. */
	get params() {
		return this.#own_card.head.params;
	}

	/** The client's address, by the rules of `event.getClientAddress()`. */
	get remoteAddress() {
		return this.#own_card.head.address || undefined;
	}

	/** The handshake's request: its URL and headers. */
	get request() {
		return (this.#request ??= this.#make_request());
	}

	#make_request() {
		const { origin, target, canonical, address, headers } = this.#own_card.head;
		const light = new LightRequest(
			{
				slot: NaN,
				generation: NaN,
				route: -1,
				port: 0,
				canonical,
				http10: false,
				upgrade: true,
				stream: false,
				bad_handshake: false,
				method: 'GET',
				origin,
				target,
				address,
				headers,
				body_mode: BODY_NONE,
				body: null,
				content_length: 0
			},
			check_origin(origin)?.canonical ?? null,
			null
		);
		return settings.lightWebObjects
			? /** @type {Request} */ (/** @type {unknown} */ (light))
			: LightRequest.real(light);
	}

	/** The topics it has at this moment; none once it has gone. */
	get topics() {
		const all = this.#far?.topics ?? native.hubSubscriptions(this.#slot, this.#generation) ?? [];
		// presence and what else is the hub's own comes with others
		return new Set(all.filter((topic) => !topic.startsWith('__')));
	}

	/**
	 * @param {unknown} data
	 * @param {Options} [options]
	 */
	send(data, options) {
		return send(this.#address, data, options);
	}

	/**
	 * To all others that have the topic.
	 * @param {string} topic
	 * @param {unknown} data
	 * @param {Options} [options]
	 */
	publish(topic, data, options) {
		return publish(topic, data, options, this.#address);
	}

	/** @param {string} topic */
	subscribe(topic) {
		this.#be_here();
		return native.hubSubscribe(this.#slot, this.#generation, topic);
	}

	/** @param {string} topic */
	unsubscribe(topic) {
		this.#be_here();
		return native.hubUnsubscribe(this.#slot, this.#generation, topic);
	}

	/** @throws for a peer of another process, whose topics are changed there */
	#be_here() {
		if (this.#far !== undefined) {
			throw new Error('The topics of a peer of another process cannot be changed from here');
		}
	}

	/**
	 * @param {number} [code]
	 * @param {string} [reason]
	 */
	close(code, reason) {
		return disconnect(this.#address, code, reason);
	}

	/** The same as `close()`, which cuts a peer off that does not answer. */
	terminate() {
		return disconnect(this.#address);
	}

	toString() {
		return this.id;
	}

	[Symbol.toPrimitive]() {
		return this.id;
	}

	get [Symbol.toStringTag]() {
		return 'WebSocket';
	}

	[inspect]() {
		return { peer: { id: this.id, ip: this.remoteAddress } };
	}
}
