/**
 * The client's address, by the rules of adapter-node's `ADDRESS_HEADER` and `XFF_DEPTH`.
 * Mistakes throw when a route asks, not before: most routes never do.
 */
import { settings } from './native.js';

/**
 * @param {(name: string) => string | null | undefined} header reads a request header
 * @param {string | undefined} peer the address at the other end of the connection
 * @returns {string}
 */
export function client_address(header, peer) {
	const { addressHeader: name, addressHeaderVariable, xffDepth, xffDepthVariable } = settings;
	if (!name) return /** @type {string} */ (peer);

	const value = header(name);
	if (value === null || value === undefined) {
		throw new Error(
			`Address header was specified with ${addressHeaderVariable}=${name} but is absent from request`
		);
	}
	if (name !== 'x-forwarded-for') return value;

	const addresses = value.split(',');
	if (xffDepth < 1) throw new Error(`${xffDepthVariable} must be a positive integer`);
	if (xffDepth > addresses.length) {
		throw new Error(
			`${xffDepthVariable} is ${xffDepth}, but only found ${addresses.length} addresses`
		);
	}
	return addresses[addresses.length - xffDepth].trim();
}
