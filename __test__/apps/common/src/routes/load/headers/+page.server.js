export function load({ setHeaders, cookies }) {
	setHeaders({ 'cache-control': 'private, max-age=7', 'x-from-load': 'yes', age: '3' });
	cookies.set('one', '1', { path: '/' });
	cookies.set('two', 'zwei ü', { path: '/load', httpOnly: false, secure: false, maxAge: 60 });
	cookies.delete('three', { path: '/' });
}
