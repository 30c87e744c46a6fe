import { describe, expect, test } from 'vitest';
import type { WitnessVerdict } from '../../harness/lab/record.ts';
import { sayDuration } from '../../harness/report/duration.ts';
import { sayDistribution, sayOutcome, sayTally } from '../../harness/report/standing.ts';
import { complete, infrastructure, lost, verdict } from './build.ts';

const differences = ['Something differs.'];
const known = { wire: 'incomplete' } as const;
const undecidable: WitnessVerdict = { ...complete(), status: 'undecidable', reason: 'no truth' };
const torn: WitnessVerdict = { ...complete(), status: 'incomplete', torn: [401, 402] };

describe('how a run came out', () => {
  test.each([
    ['complete, as expected', verdict('a')],
    ['lost 59/59, as expected', verdict('a', { wire: lost(59), expect: known })],
    ['lost 3/59, as expected', verdict('a', { wire: lost(3), expect: { wire: 'either' } })],
    ['lost 3/59, unexpectedly', verdict('a', { wire: lost(3), differences })],
    ['torn 2/59, unexpectedly', verdict('a', { wire: torn, differences })],
    ['doubled 1/59, unexpectedly', verdict('a', { wire: { ...torn, torn: [], doubled: [7] }, differences })],
    [
      'misplaced 1/59, unexpectedly',
      verdict('a', { wire: { ...torn, torn: [], misplaced: [7] }, differences }),
    ],
    ['complete, though a loss is known', verdict('a', { expect: known, differences })],
    ['complete, but not as expected', verdict('a', { differences })],
    ['lost 3/59, but not as expected', verdict('a', { wire: lost(3), expect: known, differences })],
    [
      'lost 1/59, less than is known',
      verdict('a', { wire: lost(1), expect: known, differences, news: true }),
    ],
    ['undecidable, but not as expected', verdict('a', { wire: undecidable, differences })],
    ['undecidable', verdict('a', { wire: undecidable })],
    ['no verdict', infrastructure('a')],
  ])('is said as %s', (words, run) => {
    expect(sayOutcome(run)).toBe(words);
  });
});

describe('repetitions', () => {
  test('are said as a distribution, the complete ones first', () => {
    const runs = [
      verdict('a', { wire: lost(12) }),
      verdict('a', { wire: lost(40) }),
      verdict('a'),
      infrastructure('a'),
    ];
    expect(sayDistribution(runs)).toBe('complete 1/4, lost 2/4 (12–40 records), no verdict 1/4');
  });

  test.each([
    [1, 'lost 2/2 (1 record)'],
    [7, 'lost 2/2 (7 records)'],
  ])('that each lost %d have no range', (count, words) => {
    const runs = [1, 2].map((repetition) => verdict('a', { repetition, wire: lost(count) }));
    expect(sayDistribution(runs)).toBe(words);
  });
});

test('the tally counts every run exactly once', () => {
  const runs = [
    verdict('a'),
    verdict('b', { wire: lost(59), expect: known }),
    verdict('c', { wire: lost(1), differences }),
    verdict('d', { expect: known, differences }),
    verdict('e', { differences }),
    verdict('f', { wire: undecidable }),
    infrastructure('g'),
  ];
  expect(sayTally(runs)).toBe('7 runs: 1 complete, 1 lost as expected, 3 unexpected, 2 without a verdict');
  expect(sayTally([verdict('a')])).toMatch(/^1 run: 1 complete,/);
});

test.each([
  [0.41, '0.4 s'],
  [99.94, '99.9 s'],
  [99.96, '1 min 40 s'],
  [3599.6, '1 h 0 min'],
  [3780, '1 h 3 min'],
])('%d seconds are said as %s', (seconds, words) => {
  expect(sayDuration(seconds)).toBe(words);
});
