import asset from '../../shared/asset.txt?url';

/** Where the hashed asset lives, so that cases need not know the hash */
export function GET() {
	return new Response(asset);
}
