import { describe, expect, test } from 'vitest';
import { crashlab, KERNELS, runJson } from './crashlab.ts';

/** Seconds that the standard suite may take on one kernel, on two cores and without KVM. */
const MOST_SECONDS = 600;

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
