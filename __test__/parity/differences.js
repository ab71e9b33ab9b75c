/**
 * What is decided to differ from adapter-node, and why. A row that matches nothing fails
 * the suite: the table never grows old. What a row allows is asserted on its own in
 * `__test__/server/wire.test.js`.
 */

/**
 * @type {Array<{
 *   cases: RegExp,
 *   field: RegExp,
 *   when?: (difference: import('./compare.js').Difference) => boolean,
 *   kits?: Array<2 | 3>,
 *   why: string
 * }>}
 */
export const differences = [];
