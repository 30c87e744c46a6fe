import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRecords, isRegression } from '../../harness/report/compare.ts';
import { renderComparison, styleOf } from '../../harness/report/compare-text.ts';
import { adjusted, fisherExact } from '../../harness/report/fisher.ts';
import { rankSum } from '../../harness/report/rank-sum.ts';
import { complete, infrastructure, lost, record, skipped, verdict } from './build.ts';

const times = (count: number, bad: number, scenario = 'sysrq-crash') =>
  Array.from({ length: count }, (_, index) =>
    verdict(scenario, {
      repetition: index + 1,
      wire: index < bad ? lost(3) : complete(),
      differences: index < bad ? ['3 records did not arrive.'] : [],
    }),
  );
const knownLoss = (count: number) =>
  verdict('sysrq-crash', { wire: lost(count), expect: { wire: 'incomplete', because: 'known' } });
const grown = (count: number) =>
  verdict('sysrq-crash', {
    wire: lost(count),
    expect: { wire: 'incomplete', because: 'known' },
    differences: ['More is lost than is known.'],
  });
const pass = () =>
  verdict('sysrq-crash', {
    expect: { wire: 'incomplete', because: 'known' },
    differences: ['All is there.'],
  });
const less = (count: number) =>
  verdict('sysrq-crash', {
    wire: lost(count),
    expect: { wire: 'incomplete', because: 'known' },
    differences: ['Less is lost.'],
    news: true,
  });
const several = (count: number, run: ReturnType<typeof verdict>) =>
  Array.from({ length: count }, (_, index) => ({ ...run, id: `${run.id} ${index}`, repetition: index + 1 }));
const losing = (count: number, records: number) =>
  Array.from({ length: count }, (_, index) =>
    verdict('sysrq-crash', { repetition: index + 1, wire: lost(records), differences: ['Lost.'] }),
  );
const silent = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...infrastructure('sysrq-crash'),
    id: `silent ${index}`,
    repetition: 100 + index,
  }));
const undecided = () =>
  verdict('sysrq-crash', {
    wire: { ...complete(0), status: 'undecidable', reason: 'nobody knows' },
    differences: ['Nothing is proved.'],
  });
const sometimes = (count: number) =>
  verdict('sysrq-crash', {
    wire: count > 0 ? lost(count) : complete(),
    expect: { wire: 'either', because: 'by chance' },
  });
const onKernel = (kernel: string, bad: boolean) =>
  record(verdict('a', { cell: { kernel }, ...(bad ? { wire: lost(59), differences: ['x'] } : {}) }));
const changes = (base: ReturnType<typeof record>, next: ReturnType<typeof record>) =>
  compareRecords(base, next).experiments.map(({ scenario, change }) => [scenario, change]);

describe('Fisher’s exact test', () => {
  // Fisher's own tea, and what R's fisher.test() gives for the others.
  test.each([
    [3, 4, 1, 4, 0.485_714_285_714_285_7],
    [2, 20, 0, 20, 0.487_179_487_179_487_2],
    [20, 20, 0, 20, 1.450_888_916_909_3e-11],
    [8, 20, 1, 20, 0.019_656_019_656_019_656],
    [0, 0, 1, 4, 1],
  ])('%d of %d against %d of %d', (bad, total, otherBad, otherTotal, chance) => {
    const [one, other] = [
      { bad, total },
      { bad: otherBad, total: otherTotal },
    ];
    expect(fisherExact(one, other) / chance).toBeCloseTo(1, 6);
    expect(fisherExact(other, one) / chance).toBeCloseTo(1, 6);
  });

  test('is a probability, and sure of nothing where both are alike', () => {
    const series = fc.nat(40).chain((total) => fc.record({ total: fc.constant(total), bad: fc.nat(total) }));
    fc.assert(
      fc.property(series, series, (one, other) => {
        const chance = fisherExact(one, other);
        expect(chance).toBeGreaterThan(0);
        expect(chance).toBeLessThanOrEqual(1);
        expect(fisherExact(one, one)).toBeCloseTo(1, 9);
      }),
    );
  });

  test('of many tests each counts for less', () => {
    expect(adjusted([0.01, 0.04, 0.03, 0.5])).toEqual([
      0.04,
      expect.closeTo(0.0533, 3),
      expect.closeTo(0.0533, 3),
      0.5,
    ]);
    expect(adjusted([])).toEqual([]);
  });
});

describe('the rank-sum test', () => {
  // What R's wilcox.test(exact = FALSE) gives.
  test.each([
    [[1, 2, 3, 4], [5, 6, 7, 8], 0.030_382_8],
    [[1, 2, 2, 3], [2, 3, 4, 4], 0.134_169],
    [[1, 1], [1, 1], 1],
    [[], [1], 1],
  ])('%j against %j', (one, other, chance) => {
    expect(rankSum(one, other)).toBeCloseTo(chance, 3);
    expect(rankSum(other, one)).toBeCloseTo(chance, 3);
  });

  test('is a probability', () => {
    const sample = fc.array(fc.nat(20), { maxLength: 40 });
    fc.assert(
      fc.property(sample, sample, (one, other) => {
        const chance = rankSum(one, other);
        expect(chance).toBeGreaterThanOrEqual(0);
        expect(chance).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('two records', () => {
  test.each([
    ['2 of 20 against none', 0, 20, 2, 20, 'perhaps worse'],
    ['8 of 20 against none', 0, 20, 8, 20, 'worse'],
    ['one that was complete and is not', 0, 1, 1, 1, 'worse'],
    ['one that was not complete and is', 1, 1, 0, 1, 'better'],
    ['half of them, as before', 10, 20, 10, 20, 'same'],
    ['a little less', 3, 20, 1, 20, 'perhaps better'],
  ])('%s', (_, before, ofBefore, after, ofAfter, change) => {
    const [base, next] = [record(...times(ofBefore, before)), record(...times(ofAfter, after))];
    expect(changes(base, next)).toEqual([['sysrq-crash', change]]);
  });

  test('what is there in one of them only, what has no verdict any more, what was skipped', () => {
    const base = record(verdict('gone'), verdict('silent'), verdict('lacking'));
    const next = record(verdict('new'), infrastructure('silent'), skipped('lacking', 'No such card.'));
    expect(changes(base, next)).toEqual([
      ['gone', 'vanished'],
      ['silent', 'worse'],
      ['lacking', 'vanished'],
      ['new', 'appeared'],
    ]);
  });

  test('a known loss that stays is the same; its cells are told apart', () => {
    const known = { wire: lost(59), expect: { wire: 'incomplete', because: 'known' } } as const;
    const base = record(verdict('a', known), verdict('a', { cell: { panic: 5 } }));
    const next = record(
      verdict('a', known),
      verdict('a', { cell: { panic: 5 }, wire: lost(1), differences: ['x'] }),
    );
    expect(compareRecords(base, next).experiments.map(({ cell, change }) => [cell.panic, change])).toEqual([
      [0, 'same'],
      [5, 'worse'],
    ]);
  });

  test.each([
    ['a known loss that has grown', [knownLoss(3)], [grown(59)], 'worse'],
    ['19 of 20 without a verdict', times(20, 0), [...times(1, 0), ...silent(19)], 'worse'],
    ['1 of 20 without a verdict', times(20, 0), [...times(19, 0), ...silent(1)], 'perhaps worse'],
    ['what nobody can decide any more', times(1, 0), [undecided()], 'worse'],
    ['what nobody could decide', [undecided()], times(1, 1), 'better'],
    ['a loss that is left to chance, once', [sometimes(0)], [sometimes(1)], 'perhaps worse'],
  ])('%s', (_, base, next, change) => {
    expect(changes(record(...base), record(...next))).toEqual([['sysrq-crash', change]]);
  });

  test.each([
    ['19 whole and 1 silent, then all lost', [...times(19, 0), ...silent(1)], times(20, 20), 'worse'],
    ['of 20 a record each, then nearly all', losing(20, 1), losing(20, 58), 'worse'],
    ['nearly all, then a record each', losing(20, 58), losing(20, 1), 'better'],
    ['a known loss that vanishes', [knownLoss(51)], [pass()], 'better'],
    ['a known loss that becomes less', several(20, knownLoss(51)), several(20, less(1)), 'better'],
    ['once a record, once nearly all', losing(1, 1), losing(1, 58), 'perhaps worse'],
    ['a record more or less', losing(20, 51), losing(20, 52), 'same'],
  ])('%s: the worst of all that differs is told', (_, base, next, change) => {
    expect(changes(record(...base), record(...next))).toEqual([['sysrq-crash', change]]);
  });

  test('of which neither has a verdict are no comparison', () => {
    const dumb = compareRecords(record(...silent(20)), record(...silent(20)));
    expect(dumb.problems).toEqual(['1 experiment has no verdict in either record.']);
    expect(isRegression(dumb)).toBe(true);
  });

  test('what is new and lost looks like a loss', () => {
    const next = record(verdict('a'), verdict('b', { wire: lost(5), differences: ['x'] }));
    const compared = compareRecords(record(verdict('a')), next);
    const [, appeared] = compared.experiments;
    expect(appeared && styleOf(appeared, 'complete')).toBe('unexpected loss');
  });

  test('of two kernels are held against each other, and that is said', () => {
    const compared = compareRecords(onKernel('7.1', false), onKernel('7.2', true));
    expect(compared.experiments.map(({ change }) => change)).toEqual(['worse']);
    expect(compared.between).toEqual([{ dimension: 'kernel', base: '7.1', next: '7.2' }]);
    const text = renderComparison(compared, { colour: false, width: 80 });
    expect(text).toMatch(/^kernel 7\.1, then 7\.2\n\nWorse\n/);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      '(not whole; too few runs for a test: --repeat makes more)',
    );
  });

  test('one that is short, or nothing in both, is no comparison', () => {
    const whole = record(...times(3, 0));
    const short = whole.slice(0, 3);
    expect(isRegression(compareRecords(whole, whole))).toBe(false);
    expect(compareRecords(whole, short).problems).toEqual([
      expect.stringContaining('Of the record now: The record holds 2 of 3 planned runs'),
    ]);
    expect(isRegression(compareRecords(whole, short))).toBe(true);
    const others = compareRecords(record(verdict('a')), record(verdict('b')));
    expect(others.problems).toEqual(['No experiment is in both records: nothing is compared.']);
  });

  test('what is worse is told first, with how sure that is, in any width', () => {
    const base = record(...times(20, 0), ...times(20, 0, 'hang'), verdict('gone'));
    const next = record(...times(20, 12), ...times(20, 2, 'hang'), verdict('new'));
    const text = renderComparison(compareRecords(base, next), { colour: false, width: 80 });
    expect(text).toMatch(
      /^Worse\n✗ sysrq-crash\n {2}complete 20\/20, then complete 8\/20, lost 12\/20 \(3 records\)/,
    );
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'Perhaps worse: chance would do as much ? hang complete 20/20, then complete 18/20, lost 2/20 (3 records) (not whole, Fisher’s exact test: p = 0.49)',
    );
    expect(text).toMatch(/2 compared, 1 worse, 1 perhaps worse, 0 the same; 1 new, 1 gone: 1 regression\n$/);
    for (const line of renderComparison(compareRecords(base, next), { colour: false, width: 30 }).split('\n'))
      expect(line.length).toBeLessThanOrEqual(30);
  });
});
