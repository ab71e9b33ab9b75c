import { read } from '$app/server';
import asset from '../../../shared/asset.txt?url';

/** @type {import('@sveltejs/kit').RequestHandler} */
export function GET() {
	return read(asset);
}
