import { options } from './options.js';

export default { kit: options };
