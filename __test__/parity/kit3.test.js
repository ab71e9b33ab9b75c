/** Parity with adapter-node 6 on SvelteKit 3. */
import { run_suite } from './suite.js';

run_suite(3);
