import { CrashlabError } from '../host/error.ts';
import { countGuests } from '../host/scratch.ts';
import { waitedForCpuMs } from './activity.ts';
import type { Guest } from './guest.ts';

/**
 * How long QEMU may have waited for a CPU while its guest died, with no other guest beside it. netpoll gives a busy NIC
 * one jiffy, 4 ms, and then drops that message and all after it; a NIC whose QEMU isn't run is busy as soon as
 * virtio-net's byte queue limit is reached. Measured on two CPUs: with two guests at once 16 of 2112 runs of sysrq-c and
 * of an oops in a softirq lost their tail, all on 6.12 and 7.2, and 11 of 2810 on arm64; in some of them QEMU had waited
 * less than 10 ms, in one 2 ms (7.2 sends after the serial console's last line, when nobody counts any more). With one
 * guest at a time QEMU waited 2 ms in the median, 30 ms at most, and 0 of 200 lost anything.
 */
const MOST_WAITED_MS = 10;

/** Watches from now on whether the host runs QEMU. */
export function watchStarvation(guest: Guest): {
  /** The guest's last words are said: what comes now doesn't count. */
  stop: () => void;
  /**
   * Throws HOST_STARVED when a loss may be the host's and not the kernel's; `crowded`: other guests may have run beside
   * this one, as some of another process do, and then no time that it waited is short enough.
   */
  refuse: (host: { crowded: boolean }) => Promise<void>;
} {
  const { pid } = guest.qemu;
  const before = waitedForCpuMs(pid);
  let waited = 0;
  return {
    stop: () => {
      const now = waitedForCpuMs(pid);
      if (before !== null && now !== null) waited = now - before;
    },
    refuse: async ({ crowded }) => {
      const beside = crowded || (await countGuests()) > 1;
      if (!beside && waited <= MOST_WAITED_MS) return;
      const why = beside ? 'Other guests ran beside it, and ' : '';
      throw new CrashlabError(
        'host',
        'HOST_STARVED',
        `${why}QEMU waited ${Math.round(waited)} ms for a CPU while its guest died: what was lost may have been lost to that.`,
        { advice: 'Run fewer guests at once (--jobs 1), or on a host with less to do.' },
      );
    },
  };
}
