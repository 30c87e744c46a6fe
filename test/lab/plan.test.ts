import { describe, expect, test } from 'vitest';
import type { NamedScenario } from '../../harness/lab/catalogue.ts';
import type { Need } from '../../harness/lab/needs.ts';
import { planRuns } from '../../harness/lab/plan.ts';
import type { Cell } from '../../harness/lab/record.ts';
import type { Scenario } from '../../harness/lab/scenario.ts';

const CELL: Cell = {
  kernel: '6.1.0-56-cloud-amd64',
  arch: 'x86-64',
  nic: 'virtio-net',
  vcpus: 1,
  panic: 0,
  format: 'extended',
};

function named(name: string, more: Partial<Scenario> = {}): NamedScenario {
  const expected: Scenario['expect'] = { kind: 'panic', ends: 'panic' };
  const scenario = { title: name, why: '', needs: [], run: async () => undefined, expect: expected, ...more };
  return { name, scenario };
}

const lacksNothing = () => null;
const lacksForB = ({ name }: NamedScenario) => (name === 'b' ? 'It has no keyboard.' : null);

describe('a plan', () => {
  test('has every scenario in every cell, repeated, each with an id of its own', () => {
    const cells = [CELL, { ...CELL, panic: 5 }];
    const plan = planRuns([named('a'), named('b')], cells, { repeat: 3, lacks: lacksNothing });
    expect(plan).toHaveLength(12);
    expect(new Set(plan.map(({ id }) => id)).size).toBe(12);
    expect(plan.map(({ cell }) => cell.panic)).toEqual([...Array(6).fill(0), ...Array(6).fill(5)]);
  });

  test('gives a scenario the vCPUs it needs, and leaves it more where there are more', () => {
    const needs: Need[] = ['vcpus:2'];
    const cells = [CELL, { ...CELL, vcpus: 4 }];
    const plan = planRuns([named('a', { needs })], cells, { repeat: 1, lacks: lacksNothing });
    expect(plan.map(({ cell }) => cell.vcpus)).toEqual([2, 4]);
  });

  test('runs a scenario about a format in that format, once though the cells have both', () => {
    const cells: Cell[] = [CELL, { ...CELL, format: 'basic' }];
    const plan = planRuns([named('a', { format: 'basic' })], cells, { repeat: 1, lacks: lacksNothing });
    expect(plan.map(({ cell }) => cell.format)).toEqual(['basic']);
  });

  test('skips what a cell lacks, once, with the reason', () => {
    const plan = planRuns([named('a'), named('b')], [CELL], { repeat: 2, lacks: lacksForB });
    expect(plan.map(({ scenario, skip }) => [scenario.name, skip?.message ?? null])).toEqual([
      ['a', null],
      ['a', null],
      ['b', 'It has no keyboard.'],
    ]);
  });
});
