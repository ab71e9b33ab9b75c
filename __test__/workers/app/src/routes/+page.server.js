/* global RELEASE */
export const load = () => ({ rendered: RELEASE });
