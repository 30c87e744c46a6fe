import { CrashlabError } from '../host/error.ts';
import type { Guest } from './guest.ts';

/** Words after which a guest that is booting will not come up. */
const DEAD = /Kernel panic - not syncing|---\[ end trace|Oops: /;
const SEEN_ENOUGH_MS = 500;

/** Rejects once the booting guest has crashed or powered off; never resolves. GUEST_DIED. */
export async function rejectWhenDead(
  guest: Guest,
  signal: AbortSignal,
  lastLines: () => string,
): Promise<never> {
  for (;;) {
    signal.throwIfAborted();
    const off = guest.events.some(({ name }) => name === 'SHUTDOWN');
    if (off || DEAD.test(guest.serial.text())) {
      // Its last words are worth showing: let it finish them.
      while (await guest.activity.next(SEEN_ENOUGH_MS)) signal.throwIfAborted();
      throw new CrashlabError('guest', 'GUEST_DIED', `The guest died while it booted. ${lastLines()}`, {
        advice:
          'That is no verdict: nothing was tested yet. Try it by hand with --dry-run, or another kernel.',
      });
    }
    await guest.activity.next(SEEN_ENOUGH_MS);
  }
}
