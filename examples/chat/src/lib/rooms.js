/** What the browser and the server both know of rooms. */

/** @typedef {{ id: number, author: string, text: string, at: number }} Message */

/** @param {string} name */
export const is_room = (name) => /^[a-z0-9-]{1,32}$/.test(name);

/** @param {string} room */
export const topic_of = (room) => `room:${room}`;

/** @param {string} topic */
export const room_of = (topic) => (topic.startsWith('room:') ? topic.slice(5) : '');
