export const actions = {
	default: async ({ request }) => {
		const form = await request.formData();
		return { got: String(form.get('word')) };
	}
};
