import { describe, expect, test } from 'vitest';
import type { Run } from '../../harness/lab/record.ts';
import { crashlab, KERNELS, runJson, temporaryFolder } from './crashlab.ts';

const FULL = ['--kernel', 'debian:6.1-amd64', '--suite', 'bookworm'];
const REALTIME = ['--kernel', 'debian:6.12-rt', '--suite', 'trixie'];

/** Scenario, `panic=`, status, and how many records are missing. */
function inShort(run: Run): string {
  if (run.outcome !== 'verdict') return `${run.id}: ${JSON.stringify(run)}`;
  const { scenario, cell, wire, serial, differences } = run;
  const missing = wire.written - wire.arrived;
  return [scenario, cell.panic, wire.status, missing, serial.status, ...differences].join(' ');
}

describe.each(['e1000', 'e1000e', 'vmxnet3'])('through an emulated %s', (nic) => {
  test('a panic arrives whole, and an oops in its own driver not at all', { timeout: 240_000 }, async () => {
    const { runs, exit } = await runJson(['sysrq-crash', 'oops-transmit', '--nic', nic, ...FULL]);
    expect(runs.filter(({ scenario }) => scenario === 'sysrq-crash').map(inShort)).toEqual([
      'sysrq-crash 0 complete 0 complete',
      'sysrq-crash 5 complete 0 complete',
    ]);
    for (const run of runs.filter(({ scenario }) => scenario === 'oops-transmit')) {
      expect(inShort(run)).toMatch(/^oops-transmit \d incomplete \d+ complete$/);
      expect(run.outcome === 'verdict' && run.wire.arrived).toBe(1);
    }
    expect(exit).toBe(0);
  });
});

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
  test(
    'a panic hangs in the driver after a few records, and that is no pass',
    { timeout: 240_000 },
    async () => {
      const { runs, exit } = await runJson(['sysrq-crash', '--panic', '0', '--nic', 'rtl8139', ...FULL]);
      const [run] = runs;
      expect(run).toMatchObject({
        outcome: 'verdict',
        expected: false,
        wire: { status: 'incomplete' },
        oops: { kind: 'panic', terminated: false },
      });
      expect(exit).toBe(1);
    },
  );
});

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

  test(
    'leaves out the NIC whose driver a cloud kernel lacks, and says so',
    { timeout: 120_000 },
    async () => {
      const out = await temporaryFolder();
      const run = await crashlab([...one, '--nic', 'e1000', '--nic', 'virtio-net', '--out', out]);
      expect(run.stdout).toMatch(/^Left out .*e1000.*: Kernel 6\.1\.0-.* has no e1000, /m);
      expect(run).toMatchObject({ code: 0, stderr: '' });
    },
  );

  test('of nothing but that NIC is an error', { timeout: 120_000 }, async () => {
    const run = await crashlab([...one, '--nic', 'e1000']);
    expect(run).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/has no e1000, .*debian:6\.12-amd64/s),
    });
  });
});
