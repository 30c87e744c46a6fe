import { describe, expect, test } from 'vitest';
import { runJson } from './crashlab.ts';

const LIST = ['--kernel', 'debian:6.12@trixie', '--arch', 'arm64'];

describe('on arm64', () => {
  test.each([
    ['cloned', []],
    ['booted for it', ['--fresh']],
  ])('the panic of a guest that was %s is proved complete', { timeout: 240_000 }, async (_, list) => {
    const { runs, exit } = await runJson(['sysrq-crash', 'init-exits', ...LIST, ...list]);
    for (const run of runs) {
      expect(run).toMatchObject({
        outcome: 'verdict',
        differences: [],
        cell: { arch: 'arm64', kernel: expect.stringMatching(/^6\.12\..*-cloud-arm64$/) },
        wire: { status: 'complete' },
        serial: { status: 'complete' },
        oops: { kind: 'panic', context: 'task', terminated: true },
      });
    }
    expect(runs).toHaveLength(4);
    expect(exit).toBe(0);
  });

  test(
    'oopses in interrupts are proved complete, and those in the driver’s transmit lost',
    {
      timeout: 240_000,
    },
    async () => {
      const { runs, exit } = await runJson(['oops-hardirq', 'oops-softirq', 'oops-transmit', ...LIST]);
      for (const run of runs) {
        expect(run).toMatchObject({
          differences: [],
          wire: { status: run.scenario === 'oops-transmit' ? 'incomplete' : 'complete' },
          oops: { kind: 'invalid-opcode', terminated: true },
        });
      }
      expect(runs).toHaveLength(6);
      expect(exit).toBe(0);
    },
  );

  test('what needs a keyboard is skipped with the reason', { timeout: 240_000 }, async () => {
    const { runs } = await runJson(['sysrq-keyboard', 'sysrq-crash', '--panic', '0', ...LIST]);
    expect(runs.map(({ outcome }) => outcome)).toEqual(['skipped', 'verdict']);
    expect(runs[0]).toMatchObject({ reason: { message: 'A guest of architecture arm64 has no keyboard.' } });
  });
});
