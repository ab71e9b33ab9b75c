export const actions = {
	default: async ({ request }) => {
		const form = await request.formData();
		return { got: [...form].map(([name, value]) => `${name}=${value}`).join('&') };
	}
};
