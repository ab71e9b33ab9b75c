/**
 * Node's own modules, by `require`. An ES import of one reads every property it has, and some do
 * work when they are read: `process` opens standard input, `fs` loads its promises. That is a
 * tenth of the time until a server answers. `process` is the global one for the same reason.
 */
import { createRequire } from 'node:module';

export const builtin = createRequire(import.meta.url);
