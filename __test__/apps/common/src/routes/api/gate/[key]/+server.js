import { open } from '../../../../shared/record.js';

export function GET({ params }) {
	open(params.key);
	return new Response('open');
}
