import type { Guest } from '../../harness/guest/guest.ts';
import type { KernelView } from '../../harness/guest/kernel-view.ts';
import type { Run } from '../../harness/lab/record.ts';
import { runOne } from '../../harness/lab/run-one.ts';
import { scenario } from '../../harness/lab/scenario.ts';
import { temporaryFolder } from '../host/temporary.ts';
import { livingGuest } from './living-guest.ts';

/** A run of a guest that panics, from its trigger to its record, and what else befalls it. */
export async function panicking(
  befalls: (guest: Guest, kernel: KernelView, panic: () => Promise<void>) => Promise<void>,
): Promise<Run> {
  const { guest, kernel, cell } = await livingGuest();
  const one = scenario({
    title: 'a panic',
    why: 'something befalls it',
    needs: [],
    run: ({ guest: hand }) =>
      befalls(guest, kernel, async () => {
        hand.kill('echo c > /proc/sysrq-trigger');
        await hand.until(/end Kernel panic/, 60);
      }),
    expect: { kind: 'panic', ends: 'panic' },
  });
  const planned = { id: 'one', scenario: { name: 'one', scenario: one }, cell, repetition: 1, skip: null };
  const make = async () => ({ guest, kernel });
  return runOne(planned, { make, out: await temporaryFolder(), timeoutMs: 90_000, labModule: null });
}
