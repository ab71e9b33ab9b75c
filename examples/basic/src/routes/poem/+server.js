import { read } from '$app/server';
import poem from './poem.txt?url';

/** @type {import('./$types').RequestHandler} */
export function GET() {
	return read(poem);
}
