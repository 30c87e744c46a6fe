import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Activity, cpuSeconds } from './activity.ts';
import type { Guest } from './guest.ts';

/** Share of a CPU that a guest must have had, for its silence to mean anything. */
const CPU_SHARE = 0.25;
/** An idle guest uses no CPU however long one waits: after so many times the silence it counts all the same. */
const IDLE_FACTOR = 3;
/** The clock of a process's CPU time ticks every 10 ms: looking more often tells nothing. */
const LOOK_MS = { least: 10, most: 250 };

/**
 * Resolves once nothing has come from the guest for `ms`, true; or false when `signal` aborts first or `until`
 * says so. On a loaded host a guest may be silent because it was not run: the silence of a busy guest
 * counts only when QEMU had a share of a CPU in it.
 */
export async function untilQuiet(
  guest: { activity: Activity; qemu: { pid: number } },
  ms: number,
  signal: AbortSignal,
  until: () => boolean = () => false,
): Promise<boolean> {
  const { activity } = guest;
  const step = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, ms / 8));
  for (;;) {
    if (signal.aborted || until()) return false;
    // A guest that talks costs us nothing here but `until`: only a pause is measured.
    if (await activity.next(step, signal)) continue;
    const { count, lastMs } = activity;
    const silence = () => performance.now() - lastMs;
    const cpuBefore = cpuSeconds(guest.qemu.pid);
    while (activity.count === count && !signal.aborted && !until()) {
      const used = cpuSeconds(guest.qemu.pid) - cpuBefore;
      const counts = used >= (CPU_SHARE * ms) / 1000 || silence() >= IDLE_FACTOR * ms;
      if (activity.count === count && silence() >= ms && counts) return true;
      await activity.next(silence() < ms ? Math.min(step, ms - silence()) : step, signal);
    }
  }
}

/**
 * Reads what QEMU has already written to our sockets. To be called when the guest is stopped: then nothing new
 * comes. QEMU may hold a frame back until there is room in the socket again: only when a question to it is
 * answered and nothing came in between, all is read, or `until` says that it is enough. Errors: QEMU's end.
 */
export async function drain(
  guest: {
    activity: Activity;
    qemu: { qmp: Pick<Guest['qemu']['qmp'], 'execute'> };
    segment?: Pick<Guest['segment'], 'read'>;
  },
  until: () => boolean = () => false,
): Promise<void> {
  const { activity, qemu, segment } = guest;
  // Netconsole's frames may stand behind those of a load, which are no activity.
  const heard = () => activity.count + (segment?.read ?? 0);
  let before: number;
  do {
    before = heard();
    await qemu.qmp.execute('query-status');
    // One whole turn of the event loop, which asks every socket.
    await nextTurn();
    await nextTurn();
  } while (heard() !== before && !until());
}
