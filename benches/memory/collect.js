/**
 * Loaded into a server of the memory bench before its own code: at a signal it collects the garbage
 * of its main thread. What a burst of handshakes leaves in the heap until V8 feels like collecting it
 * says nothing of what sockets cost.
 */

import process from 'node:process';
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');

process.on('SIGUSR2', () => {
	// what only finalizers hold goes with the second
	collect();
	collect();
});
