import { CrashlabError } from '../host/error.ts';
import { waitedForCpuMs } from './activity.ts';
import type { Guest } from './guest.ts';

/**
 * How long QEMU may have waited for a CPU while its guest died. netpoll gives a busy NIC one jiffy, 4 ms, and then
 * drops that message and all after it; a NIC whose QEMU isn't run is busy. Measured on 7.2 and two CPUs, oops in a
 * softirq: 18 of 720 runs lost their tail with four guests at once, 0 of 330 with one or two (in 60 of these QEMU's
 * main thread waited 48 ms at most). 6.12 lost records of a sysrq-c on a busy host with less than 50 ms, so the limit
 * is a few jiffies: a loss beyond it may be the host's.
 */
const MOST_WAITED_MS = 10;

/** Watches from now on whether the host runs QEMU. */
export function watchStarvation(guest: Guest): {
  /** The guest's last words are said: what comes now doesn't count. */
  stop: () => void;
  /** Throws HOST_STARVED when a loss may be the host's and not the kernel's. */
  refuse: () => void;
} {
  const { pid } = guest.qemu;
  const before = waitedForCpuMs(pid);
  let waited = 0;
  return {
    stop: () => {
      const now = waitedForCpuMs(pid);
      if (before !== null && now !== null) waited = now - before;
    },
    refuse: () => {
      if (waited <= MOST_WAITED_MS) return;
      throw new CrashlabError(
        'host',
        'HOST_STARVED',
        `QEMU waited ${Math.round(waited)} ms for a CPU while its guest died: what was lost may have been lost to that.`,
        { advice: 'Run fewer guests at once (--jobs 1), or on a host with less to do.' },
      );
    },
  };
}
