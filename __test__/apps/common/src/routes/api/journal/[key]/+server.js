import { journal } from '../../../../shared/record.js';

export function GET({ params }) {
	return Response.json(journal(params.key));
}
