import { setImmediate as nextTurn } from 'node:timers/promises';
import { cpuSeconds } from './activity.ts';
import type { Guest } from './guest.ts';

/** Share of a CPU that a guest must have had, for its silence to mean anything. */
const CPU_SHARE = 0.25;
/** An idle guest uses no CPU however long one waits: after so many times the silence it counts all the same. */
const IDLE_FACTOR = 3;

/**
 * Resolves once nothing has come from the guest for `ms`, true; or false when `signal` aborts first or `until`
 * says so. On a loaded host a guest may be silent because it was not run: the silence of a busy guest
 * counts only when QEMU had a share of a CPU in it.
 */
export async function untilQuiet(
  guest: Guest,
  ms: number,
  signal: AbortSignal,
  until: () => boolean = () => false,
): Promise<boolean> {
  for (;;) {
    const { count, lastMs } = guest.activity;
    const cpuBefore = await cpuSeconds(guest.qemu.pid);
    const silence = () => performance.now() - lastMs;
    while (guest.activity.count === count) {
      if (signal.aborted || until()) return false;
      const used = (await cpuSeconds(guest.qemu.pid)) - cpuBefore;
      if (silence() >= ms && (used >= (CPU_SHARE * ms) / 1000 || silence() >= IDLE_FACTOR * ms)) return true;
      await guest.activity.next(Math.max(10, Math.min(ms - silence(), ms / 4)));
    }
    if (signal.aborted || until()) return false;
  }
}

/**
 * Reads what QEMU has already written to our sockets. To be called when the guest is stopped: then nothing new
 * comes, and a turn of the event loop that brings nothing proves that all is read.
 */
export async function drain(guest: Guest): Promise<void> {
  let count = -1;
  let calm = 0;
  while (calm < 2) {
    calm = guest.activity.count === count ? calm + 1 : 0;
    ({ count } = guest.activity);
    await nextTurn();
  }
}
