import { expect, test } from 'vitest';
import { crashlab, KERNELS, runJson } from './crashlab.ts';

/** Seconds that the standard suite may take on one kernel, on two cores and without KVM. */
const MOST_SECONDS = 600;

test(
  'the standard suite ends as expected on one kernel, within ten minutes',
  { timeout: 1200_000 },
  async () => {
    // What is fetched and built once is none of its time.
    await crashlab(['run', '--suite', 'standard', '--dry-run', ...KERNELS['6.1']]);
    const startedMs = performance.now();
    const { runs, exit } = await runJson(['--suite', 'standard', ...KERNELS['6.1']]);
    const seconds = (performance.now() - startedMs) / 1000;
    const unexpected = runs.filter(({ expected }) => !expected);
    expect(unexpected.map(({ id, ...rest }) => [id, rest])).toEqual([]);
    expect(exit).toBe(0);
    expect(runs.filter(({ outcome }) => outcome === 'verdict').length).toBeGreaterThan(200);
    expect(seconds).toBeLessThan(MOST_SECONDS);
  },
);
