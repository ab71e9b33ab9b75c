// a production dependency: not in the build, installed next to it
import { clsx } from 'clsx';

/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET() {
	return new Response(clsx('one', { two: true, three: false }));
}
