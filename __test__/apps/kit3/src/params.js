import { defineParams } from '@sveltejs/kit/params';

export const params = defineParams({
	digits: (param) => (/^\d+$/.test(param) ? param : undefined)
});
