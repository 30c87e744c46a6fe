import { availableParallelism, freemem } from 'node:os';

/** QEMU itself, beside its guest's RAM; measured at 40 to 70 MiB. */
const QEMU_OVERHEAD_MIB = 100;

/** How many guests of this size run at once here: no more than CPUs, no more than memory holds. */
export function defaultJobs(guestMiB: number): number {
  const freeMiB = freemem() / 1024 / 1024;
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freeMiB / (guestMiB + QEMU_OVERHEAD_MIB))));
}
