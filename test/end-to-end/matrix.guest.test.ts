import { describe, expect, test } from 'vitest';
import { crashlab, KERNELS, runJson } from './crashlab.ts';
import { inShort, testNic } from './matrix.ts';

// Of the emulated cards the one whose driver a cloud kernel has.
testNic('vmxnet3', KERNELS['6.1']);

describe('a matrix', () => {
  const one = ['run', 'sysrq-crash', '--panic', '0', ...KERNELS['6.1']];

  test('of two formats and two numbers of vCPUs has four cells', { timeout: 240_000 }, async () => {
    const dimensions = ['--vcpus', '1', '--vcpus', '2', '--format', 'extended', '--format', 'basic'];
    const { runs } = await runJson([...one.slice(1), ...dimensions]);
    expect(runs.map(({ cell }) => `${cell.vcpus} ${cell.format}`)).toEqual([
      '1 extended',
      '1 basic',
      '2 extended',
      '2 basic',
    ]);
    expect(new Set(runs.map(inShort))).toEqual(new Set(['sysrq-crash 0 complete 0 complete']));
  });

  test('skips the NIC whose driver a cloud kernel lacks, and says so', { timeout: 120_000 }, async () => {
    const { runs, exit } = await runJson([...one.slice(1), '--nic', 'e1000', '--nic', 'virtio-net']);
    expect(runs.map(({ outcome }) => outcome)).toEqual(['skipped', 'verdict']);
    expect(runs[0]).toMatchObject({
      reason: { message: expect.stringMatching(/^Kernel 6\.1\.0-.* has no e1000, /) },
    });
    expect(exit).toBe(0);
  });

  test('of nothing but that NIC is an error', { timeout: 120_000 }, async () => {
    const run = await crashlab([...one, '--nic', 'e1000']);
    expect(run).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/has no e1000, .*debian:6\.12-amd64/s),
    });
  });
});
