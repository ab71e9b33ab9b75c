/** @param {ReadableStream<Uint8Array> | null} stream */
async function collect(stream) {
	if (!stream) return 'no body';
	const reader = stream.getReader();
	let size = 0;
	let total = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return `${size} bytes, sum ${total}`;
		size += value.byteLength;
		for (const byte of value) total = (total * 31 + byte) >>> 0;
	}
}

/** @param {ArrayBuffer | Uint8Array} bytes */
const digest = (bytes) => collect(new Response(/** @type {any} */ (bytes)).body);

/** @param {unknown} error */
function describe(error) {
	if (!(error instanceof Error)) return `not an error: ${error}`;
	// messages differ between engines; whether it is a TypeError and what the app
	// can ask of it (`status`) is the contract
	return `${error.name} ${/** @type {any} */ (error).status ?? '-'}`;
}

/** @type {Record<string, (request: Request) => unknown>} */
const ways = {
	text: async (request) => await request.text(),
	json: async (request) => JSON.stringify(await request.json()),
	'json-caught': (request) => request.json().catch(describe),
	'array-buffer': async (request) => digest(await request.arrayBuffer()),
	bytes: async (request) => digest(await /** @type {any} */ (request).bytes()),
	blob: async (request) => {
		const blob = await request.blob();
		return `${blob.type} ${blob.size} ${await blob.text()}`;
	},
	form: async (request) => {
		const lines = [];
		for (const [name, value] of await request.formData()) {
			lines.push(
				typeof value === 'string'
					? `${name}: ${value}`
					: `${name}: ${value.name}, ${value.type}, ${await digest(await value.arrayBuffer())}`
			);
		}
		return lines.join('\n');
	},
	'form-caught': (request) => request.formData().then(() => 'parsed', describe),
	stream: (request) => collect(request.body),
	iterate: async (request) => {
		let size = 0;
		for await (const chunk of /** @type {any} */ (request.body ?? [])) size += chunk.byteLength;
		return `${size} bytes`;
	},
	clone: async (request) => {
		const copy = request.clone();
		const [a, b] = await Promise.all([request.text(), copy.text()]);
		return `${a === b} ${a}`;
	},
	twice: async (request) => {
		const first = await request.text();
		return `${first} ${request.bodyUsed} ${await request.text().catch(describe)}`;
	},
	rewrapped: async (request) => {
		const copy = new Request(request, { headers: { 'x-new': 'yes' } });
		return `${copy.method} ${copy.headers.get('x-new')} ${await copy.text()}`;
	},
	partial: async (request) => {
		const reader = request.body?.getReader();
		const { value } = (await reader?.read()) ?? {};
		reader?.releaseLock();
		return value ? `first byte ${value[0]}` : 'nothing';
	},
	none: () => 'not read',
	used: (request) => `${request.bodyUsed} ${request.body === null}`,
	caught: (request) => request.text().then((text) => `read ${text.length}`, describe)
};

/** @type {import('@sveltejs/kit').RequestHandler} */
export async function fallback({ request, params }) {
	const way = ways[/** @type {string} */ (params.how)];
	return new Response(/** @type {string} */ (await way(request)));
}
