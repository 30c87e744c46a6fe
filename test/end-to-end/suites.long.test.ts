import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { crashlab, KERNELS, runJson } from './crashlab.ts';

/** Seconds that the standard suite may take on one kernel, on two cores and without KVM. */
const MOST_SECONDS = 600;

/** What `crashlab list --json` says, as far as it is asked here. */
const Listed = v.object({
  scenarios: v.array(v.object({ name: v.string(), suites: v.array(v.string()) })),
});

describe.each(['6.1', '7.x'] as const)('on %s', (kernel) => {
  test('the standard suite ends as expected, within ten minutes', { timeout: 1200_000 }, async () => {
    // What is fetched and built once is none of its time.
    await crashlab(['run', '--suite', 'standard', '--dry-run', ...KERNELS[kernel]]);
    const startedMs = performance.now();
    const { runs, exit } = await runJson(['--suite', 'standard', ...KERNELS[kernel]]);
    const seconds = (performance.now() - startedMs) / 1000;
    const unexpected = runs.filter(({ expected }) => !expected);
    expect(unexpected.map(({ id, ...rest }) => [id, rest])).toEqual([]);
    expect(exit).toBe(0);
    expect(runs.filter(({ outcome }) => outcome === 'verdict').length).toBeGreaterThan(200);
    expect(seconds).toBeLessThan(MOST_SECONDS);
  });
});

test('on 6.1 what only the full suite has ends as expected', { timeout: 1200_000 }, async () => {
  const { stdout } = await crashlab(['list', '--suite', 'full', '--json']);
  const { scenarios } = v.parse(Listed, JSON.parse(stdout));
  const names = scenarios.filter(({ suites }) => !suites.includes('standard')).map(({ name }) => name);
  expect(names.length).toBeGreaterThan(20);
  const { runs, exit } = await runJson([...names, ...KERNELS['6.1']]);
  const unexpected = runs.filter(({ expected }) => !expected);
  expect(unexpected.map(({ id, ...rest }) => [id, rest])).toEqual([]);
  expect(new Set(runs.map(({ scenario }) => scenario))).toEqual(new Set(names));
  expect(exit).toBe(0);
});
