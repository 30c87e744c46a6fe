import { family } from '../harness/lab/scenario.ts';
import { floodThenPanic } from './flood.ts';

/**
 * Whether 3000 lines of 100 bytes, and what the kernel keeps with them, fit in. The kernel never makes the log buffer
 * smaller than CONFIG_LOG_BUF_SHIFT says: 64K needs a kernel built for it.
 */
const HOLDS_ALL = { '256K': false, '1M': true, '4M': true };

export default family(
  Object.fromEntries(
    Object.entries(HOLDS_ALL).map(([logBuffer, holdsAll]) => [
      logBuffer,
      floodThenPanic('irqs-off', { logBuffer, holdsAll }),
    ]),
  ),
);
