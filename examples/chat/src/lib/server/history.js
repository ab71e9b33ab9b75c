/**
 * What was said, in SQLite: workers share no memory, and are replaced now and then. Node may
 * warn that its SQLite is young; a real app asks its own database.
 */
import { DatabaseSync } from 'node:sqlite';

/** @typedef {import('#lib/rooms.js').Message} Message */

const KEPT = 100;

/** @type {DatabaseSync | undefined} */
let opened;

/** When it is first needed, which is not while the app is built. */
function database() {
	if (opened) return opened;
	opened = new DatabaseSync(process.env.CHAT_DB ?? 'chat.db');
	opened.exec(`
		PRAGMA busy_timeout = 2000;
		CREATE TABLE IF NOT EXISTS messages (
			id INTEGER PRIMARY KEY AUTOINCREMENT,
			room TEXT NOT NULL,
			author TEXT NOT NULL,
			text TEXT NOT NULL,
			at INTEGER NOT NULL
		);
		CREATE INDEX IF NOT EXISTS by_room ON messages (room, id);
	`);
	return opened;
}

/**
 * @param {string} room
 * @returns {Message[]} the oldest first
 */
export function messages_of(room) {
	const found = database()
		.prepare('SELECT id, author, text, at FROM messages WHERE room = ? ORDER BY id DESC LIMIT ?')
		.all(room, KEPT);
	// rows have no prototype, which SvelteKit does not send
	return found.reverse().map((row) => /** @type {Message} */ ({ ...row }));
}

/**
 * @param {string} room
 * @param {string} author
 * @param {string} text
 * @returns {Message}
 */
export function remember(room, author, text) {
	const at = Date.now();
	const { lastInsertRowid } = database()
		.prepare('INSERT INTO messages (room, author, text, at) VALUES (?, ?, ?, ?)')
		.run(room, author, text, at);
	const id = Number(lastInsertRowid);
	database()
		.prepare(
			`DELETE FROM messages WHERE room = ? AND id <=
				(SELECT id FROM messages WHERE room = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`
		)
		.run(room, room, KEPT);
	return { id, author, text, at };
}
