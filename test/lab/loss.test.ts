import { describe, expect, test } from 'vitest';
import { wireDifferences } from '../../harness/lab/loss.ts';
import type { KnownLoss } from '../../harness/lab/scenario.ts';
import { judgeRecords } from '../../harness/verdict/records.ts';
import { judgeText } from '../../harness/verdict/text.ts';
import { datagramsOf, ledgerOf, printed, record, truthOf } from '../verdict/build.ts';

const [MARKER, WORDS, PANIC, REBOOT] = [
  record(10, { text: 'crashlab: marker' }),
  record(11, { text: 'sysrq: Trigger a crash' }),
  record(12, { text: 'Kernel panic - not syncing: sysrq triggered crash' }),
  record(13, { text: 'Rebooting in 5 seconds..' }),
] as const;
const WRITTEN = [MARKER, WORDS, PANIC, REBOOT];
const LOSS: KnownLoss = { when: () => true, because: 'it is known', source: 'a measurement' };
const ANNOUNCEMENT: KnownLoss = { ...LOSS, only: /^Rebooting in/ };
const torn = (one: typeof MARKER) => datagramsOf(one, { cut: 4 })[0] ?? one;

/** What differs when these arrive. */
function differences(known: KnownLoss | undefined, ...arrived: Parameters<typeof ledgerOf>): string[] {
  return wireDifferences(judgeRecords(truthOf(WRITTEN), ledgerOf(...arrived)), WRITTEN, known);
}

const more = (what: string) => [expect.stringContaining(`More is lost than is known: ${what}.`)];
const LESS = ['What is known to be lost here is not: the kernel has changed.'];

describe('a known loss', () => {
  test('excuses what is missing', () => {
    expect(differences(LOSS, MARKER)).toEqual([]);
    expect(differences(LOSS, MARKER, WORDS, PANIC)).toEqual([]);
    expect(differences(ANNOUNCEMENT, MARKER, WORDS, PANIC)).toEqual([]);
    expect(differences(ANNOUNCEMENT, MARKER, PANIC)).toEqual(more('1 other records'));
  });

  test.each([LOSS, ANNOUNCEMENT])('hides nothing that is torn, doubled or misplaced', (known) => {
    expect(differences(known, MARKER, WORDS, torn(PANIC))).toEqual(more('1 torn'));
    expect(differences(known, MARKER, WORDS, WORDS, PANIC)).toEqual(more('1 doubled'));
    expect(differences(known, MARKER, PANIC, WORDS)).toEqual(more('1 misplaced'));
    expect(differences(known, PANIC, MARKER, torn(WORDS))).toEqual(more('1 torn, 1 misplaced'));
  });

  test.each([LOSS, ANNOUNCEMENT])('that does not happen is news, whatever else is wrong', (known) => {
    expect(differences(known, MARKER, WORDS, torn(PANIC), REBOOT)).toEqual([...more('1 torn'), ...LESS]);
  });

  test('that does not happen is no news where it happens sometimes', () => {
    const sometimes = { ...ANNOUNCEMENT, how: 'sometimes' } as const;
    expect(differences(sometimes, ...WRITTEN)).toEqual([]);
    expect(differences(sometimes, MARKER, WORDS, torn(PANIC), REBOOT)).toEqual(more('1 torn'));
  });
});

test('a loss that doubles records, or the order of them, excuses that and no other damage', () => {
  const twice = { ...LOSS, how: 'sometimes', doubled: 'sometimes' } as const;
  expect(differences(twice, MARKER, WORDS, WORDS, PANIC, REBOOT)).toEqual([]);
  expect(differences(twice, MARKER, WORDS, WORDS, torn(PANIC), REBOOT)).toEqual(more('1 torn'));
  expect(differences(twice, MARKER, PANIC, WORDS, REBOOT)).toEqual(more('1 misplaced'));
  const overtaken = { ...LOSS, how: 'sometimes', only: /(?!)/, misplaced: 'sometimes' } as const;
  expect(differences(overtaken, MARKER, PANIC, WORDS, REBOOT)).toEqual([]);
  expect(differences(overtaken, MARKER, PANIC, WORDS)).toEqual(more('1 other records'));
  expect(differences(overtaken, MARKER, WORDS, WORDS, PANIC, REBOOT)).toEqual(more('1 doubled'));
});

test('a loss since a record excuses nothing that was written before it', () => {
  const since = { ...LOSS, since: /^sysrq/ };
  expect(differences(since, MARKER, PANIC)).toEqual([]);
  expect(differences(since, MARKER)).toEqual([]);
  expect(differences(since, WORDS, REBOOT)).toEqual(more('1 other records'));
  expect(differences(since, WORDS, PANIC, REBOOT)).toEqual([...more('1 other records'), ...LESS]);
  expect(differences({ ...since, only: /^crashlab|^Kernel/ }, WORDS, REBOOT)).toEqual(
    more('1 other records'),
  );
});

describe('a loss of all from a record on', () => {
  const panic = { ...LOSS, from: /^Kernel panic/ };

  test('is that, and what was written just before may be lost or not', () => {
    expect(differences(panic, MARKER, WORDS)).toEqual([]);
    expect(differences(panic, MARKER)).toEqual([]);
  });

  test('excuses nothing that is missing before what arrived', () => {
    expect(differences(panic, WORDS)).toEqual(more('1 other records'));
  });

  test('is another when one of these records arrives', () => {
    for (const one of [PANIC, REBOOT]) {
      expect(differences(panic, MARKER, WORDS, one)).toEqual([
        'All from /^Kernel panic/ on is known to be lost, but 1 of it arrived: the kernel has changed.',
      ]);
    }
  });

  test('is not known where no record has such a text', () => {
    expect(differences({ ...LOSS, from: /^Oops/ }, MARKER)).toEqual([
      expect.stringContaining('Nothing in the log says /^Oops/'),
    ]);
  });
});

describe('a loss of the end of a record', () => {
  const cut = { ...LOSS, torn: /^Kernel panic/ };

  test('is that of these records, and of no other', () => {
    expect(differences(cut, MARKER, WORDS, torn(PANIC), REBOOT)).toEqual([]);
    expect(differences(cut, MARKER, torn(WORDS), torn(PANIC), REBOOT)).toEqual(more('1 torn'));
    expect(differences(cut, MARKER, torn(WORDS), PANIC, REBOOT)).toEqual([...more('1 torn'), ...LESS]);
  });

  test('excuses nothing that is missing', () => {
    expect(differences(cut, MARKER, WORDS, torn(PANIC))).toEqual(more('1 other records'));
    expect(differences({ ...cut, only: /^Rebooting/ }, MARKER, WORDS, torn(PANIC))).toEqual([]);
  });
});

test('of records that nobody can say arrived, only a loss of overwritten ones is an excuse', () => {
  const truth = truthOf([MARKER, REBOOT], { overwritten: [11, 12] });
  const wire = judgeText(truth, `${printed(MARKER)}** 1 printk messages dropped **\n${printed(REBOOT)}`);
  expect(wire).toMatchObject({ status: 'incomplete', missing: [] });
  expect(wireDifferences(wire, truth.records, { ...LOSS, only: /^$/ })).toEqual([]);
  expect(wireDifferences(wire, truth.records, ANNOUNCEMENT)).toEqual([...more('2 other records'), ...LESS]);
});
