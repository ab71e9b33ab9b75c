/**
 * How long tests wait, in milliseconds, for what has to come. It says nothing about speed: what never
 * comes has to end a test sometime, and a machine may stand still for ten seconds.
 */
export const PATIENCE = 40_000;
