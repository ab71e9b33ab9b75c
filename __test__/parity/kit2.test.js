/** Parity with adapter-node 5 on SvelteKit 2. */
import { run_suite } from './suite.js';

run_suite(2);
