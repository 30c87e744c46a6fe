import { describe, expect, test } from 'vitest';
import { runJson } from './crashlab.ts';
import { inShort, testNic } from './matrix.ts';
import { testRingBuffer } from './ring-buffer.ts';

const FULL = ['--kernel', 'debian:6.1-amd64@bookworm'];
const REALTIME = ['--kernel', 'debian:6.12-rt@trixie'];

for (const nic of ['e1000', 'e1000e', 'vmxnet3']) testNic(nic, FULL);

testRingBuffer('6.12 with PREEMPT_RT', { kernel: 'debian:6.12-rt', suite: 'trixie' });

describe('a PREEMPT_RT kernel', () => {
  test('gets its panic out, but for the reboot’s announcement', { timeout: 240_000 }, async () => {
    const { runs, exit } = await runJson(['sysrq-crash', ...REALTIME]);
    expect(runs.map(({ cell }) => cell.kernel)).toEqual(
      runs.map(() => expect.stringMatching(/^6\.12\..*-rt-amd64$/)),
    );
    expect(runs.map(inShort)).toEqual([
      'sysrq-crash 0 complete 0 complete',
      'sysrq-crash 5 incomplete 1 complete',
    ]);
    const lost = runs.flatMap((run) => (run.outcome === 'verdict' ? run.wire.lost : []));
    expect(lost.map(({ text }) => text)).toEqual(['Rebooting in 5 seconds..']);
    expect(exit).toBe(0);
  });
});

describe('through an emulated rtl8139', () => {
  // cp_poll_controller() calls disable_irq(), which waits for an interrupt that this CPU can no longer take.
  test('a panic hangs in the driver, which is known and no more', { timeout: 240_000 }, async () => {
    const { runs, exit } = await runJson(['sysrq-crash', '--panic', '0', '--nic', 'rtl8139', ...FULL]);
    const [run] = runs;
    expect(run).toMatchObject({
      outcome: 'verdict',
      expected: true,
      expectation: { because: expect.stringContaining('cp_poll_controller()') },
      wire: { status: 'incomplete' },
      oops: { kind: 'panic', terminated: false },
    });
    expect(exit).toBe(0);
  });
});
