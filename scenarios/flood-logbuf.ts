import { family } from '../harness/lab/scenario.ts';
import { floodThenPanic } from './flood.ts';

/** The kernel never makes it smaller than CONFIG_LOG_BUF_SHIFT says: 64K needs a kernel built for it. */
const SIZES = ['256K', '1M', '4M'];

export default family(Object.fromEntries(SIZES.map((size) => [size, floodThenPanic('irqs-off', size)])));
