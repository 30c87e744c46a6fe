import { family } from '../harness/lab/scenario.ts';
import { floodThenPanic } from './flood.ts';

/** Whether 3000 lines of 100 bytes, and what the kernel keeps with them, fit in. */
const HOLDS_ALL = {
  '64K': false,
  '128K': false,
  '256K': false,
  '512K': true,
  '1M': true,
  '2M': true,
  '4M': true,
};

export default family(
  Object.fromEntries(
    Object.entries(HOLDS_ALL).map(([logBuffer, holdsAll]) => [
      logBuffer,
      floodThenPanic('irqs-off', { logBuffer, holdsAll }),
    ]),
  ),
);
