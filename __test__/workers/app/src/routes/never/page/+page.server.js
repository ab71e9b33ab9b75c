/* global RELEASE */
export const load = () => ({ loaded: RELEASE });
