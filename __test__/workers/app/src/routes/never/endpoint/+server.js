/* global RELEASE */
/** Asked for only once the folder that this was built into is gone */
export const GET = () => new Response(`endpoint of ${RELEASE}`);
