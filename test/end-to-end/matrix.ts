import type { Run } from '../../harness/lab/record.ts';
import { expect, test } from 'vitest';
import { runJson } from './crashlab.ts';

/** Scenario, `panic=`, status, and how many records are missing. */
export function inShort(run: Run): string {
  if (run.outcome !== 'verdict') return `${run.id}: ${JSON.stringify(run)}`;
  const { scenario, cell, wire, serial, differences } = run;
  const missing = wire.written - wire.arrived;
  return [scenario, cell.panic, wire.status, missing, serial.status, ...differences].join(' ');
}

/** On a kernel (`--kernel …`) that has the NIC's driver. */
export function testNic(nic: string, kernel: readonly string[]): void {
  test(
    `through ${nic} a panic arrives whole, and an oops in its own driver not at all`,
    {
      timeout: 240_000,
    },
    async () => {
      const { runs, exit } = await runJson(['sysrq-crash', 'oops-transmit', '--nic', nic, ...kernel]);
      expect(runs.filter(({ scenario }) => scenario === 'sysrq-crash').map(inShort)).toEqual([
        'sysrq-crash 0 complete 0 complete',
        'sysrq-crash 5 complete 0 complete',
      ]);
      for (const run of runs.filter(({ scenario }) => scenario === 'oops-transmit')) {
        expect(inShort(run)).toMatch(/^oops-transmit \d incomplete \d+ complete$/);
        expect(run.outcome === 'verdict' && run.wire.arrived).toBe(1);
      }
      expect(exit).toBe(0);
    },
  );
}
