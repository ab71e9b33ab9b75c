const encoder = new TextEncoder();

const LINES = 20;

/**
 * Lines with a pause between them; the last one says that it is
 * @type {import('@sveltejs/kit').RequestHandler}
 */
export function GET() {
	let line = 0;
	return new Response(
		new ReadableStream({
			async pull(controller) {
				await new Promise((fulfil) => setTimeout(fulfil, 5));
				line += 1;
				controller.enqueue(encoder.encode(line === LINES ? 'end' : `${line}\n`));
				if (line === LINES) controller.close();
			}
		})
	);
}
