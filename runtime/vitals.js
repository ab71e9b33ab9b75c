/**
 * What a worker says of itself when it is asked whether it is alive: the memory it holds and how
 * busy its event loop was since it was asked before.
 */
import { builtin } from './builtin.js';
import { native } from './native.js';

/** @type {import('node:perf_hooks').EventLoopUtilization | undefined} */
let before;

export function report() {
	// not `process.memoryUsage`, which also reads the whole process's from the system
	/** @type {typeof import('node:v8')} */
	const { getHeapStatistics } = builtin('node:v8');
	/** @type {typeof import('node:perf_hooks')} */
	const { performance } = builtin('node:perf_hooks');
	const { used_heap_size, external_memory } = getHeapStatistics();
	const now = performance.eventLoopUtilization();
	const { utilization } = performance.eventLoopUtilization(now, before);
	before = now;
	native.report(used_heap_size, external_memory, utilization);
}
