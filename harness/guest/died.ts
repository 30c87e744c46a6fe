import { CrashlabError } from '../host/error.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Guest } from './guest.ts';

/** Words after which a guest that is booting will not come up. A warning (`end trace`) is not among them. */
const DEAD = /(?:Kernel panic - not syncing|Oops: ).*/;
const LONGEST_WORDS = 64;
const SEEN_ENOUGH_MS = 500;
const LOOK_AGAIN_MS = 60_000;

/**
 * `signal`, or GUEST_DIED once the booting guest has crashed, reset or powered off. Dispose when it is up: what
 * happens then is the experiment.
 */
export function untilDead(
  guest: Pick<Guest, 'events' | 'serial' | 'activity'>,
  signal: AbortSignal,
  lastLines: () => string,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  void watch(guest, controller, lastLines);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', abort);
      controller.abort();
    },
  };
}

async function watch(
  { events, serial, activity }: Pick<Guest, 'events' | 'serial' | 'activity'>,
  controller: AbortController,
  lastLines: () => string,
): Promise<void> {
  const { signal } = controller;
  let seen = 0;
  while (!signal.aborted) {
    const off = events.some(({ name }) => name === 'SHUTDOWN');
    const found = DEAD.exec(serial.text(seen));
    if (!off && !found) {
      seen = Math.max(0, serial.length - LONGEST_WORDS);
      await activity.next(LOOK_AGAIN_MS, signal);
      continue;
    }
    // Its last words are worth showing: let it finish them.
    while (await activity.next(SEEN_ENOUGH_MS, signal));
    const words = shownText(DEAD.exec(serial.text(seen))?.[0].trimEnd() ?? 'it reset or powered off');
    controller.abort(
      new CrashlabError('guest', 'GUEST_DIED', `The guest died while it booted: ${words}. ${lastLines()}`, {
        advice:
          'That is no verdict: nothing was tested yet. Try it by hand with --dry-run, or another kernel.',
      }),
    );
  }
}
