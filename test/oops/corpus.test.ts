import { existsSync, readFileSync } from 'node:fs';

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import { stripPrefix } from '../../harness/oops/prefix.ts';
import { readOops } from '../../harness/oops/read.ts';

/** Crash texts that nobody here wrote, from the test corpora of other parsers; not part of this repository. */
const corpus = process.env['CRASHLAB_CORPUS'] ?? new URL('../../../shared/corpus', import.meta.url).pathname;
const reports = `${corpus}/oops-open.jsonl`;
const mutants = `${corpus}/oops-open-mutants.jsonl`;

const CorpusRecord = v.object({
  text: v.string(),
  mutation: v.optional(v.string()),
  expect: v.object({
    crash: v.optional(v.boolean()),
    disputed: v.optional(v.unknown()),
    kind: v.optional(v.string()),
    panicked: v.optional(v.boolean()),
  }),
});

function readRecords(file: string) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.map((line) => v.parse(CorpusRecord, JSON.parse(line)));
}

const readText = (text: string) => readOops(text.split('\n').map(stripPrefix));

describe.skipIf(!existsSync(reports))(
  'the open corpus (skipped where CRASHLAB_CORPUS names no folder with it)',
  () => {
    const records = readRecords(reports);
    const judged = records.filter(
      ({ expect: { disputed, kind } }) => disputed === undefined && kind !== 'non-kernel',
    );

    test('no text without a crash is read as one', () => {
      const negatives = judged.filter((record) => record.expect.crash === false);
      expect(negatives.length).toBeGreaterThan(10);
      expect(negatives.filter(({ text }) => readText(text).kind !== 'none')).toEqual([]);
    });

    test('at least 93 % of the crashes are found', () => {
      const crashes = judged.filter((record) => record.expect.crash === true);
      const found = crashes.filter(({ text }) => readText(text).kind !== 'none');
      expect(found.length / crashes.length).toBeGreaterThan(0.93);
    });

    test('a panic is read exactly where there is one', () => {
      const known = judged.filter(
        (record) => record.expect.panicked !== undefined && readText(record.text).kind !== 'none',
      );
      expect(
        known.filter(({ text, expect: { panicked } }) => (readText(text).panic !== null) !== panicked),
      ).toEqual([]);
    });
  },
);

describe.skipIf(!existsSync(mutants))(
  'damaged copies (skipped where CRASHLAB_CORPUS names no folder with them)',
  () => {
    const records = readRecords(mutants);
    const of = (...names: string[]) => records.filter(({ mutation }) => names.includes(mutation ?? ''));

    test('at most one cut in a hundred is taken for an end', () => {
      const cut = of('cut-25%', 'cut-50%', 'cut-random', 'cut-midline', 'drop-terminator');
      const missed = cut.filter(({ text }) => readText(text).terminated === true);
      expect(cut.length).toBeGreaterThan(100);
      expect(missed.length / cut.length).toBeLessThan(0.01);
    });

    test('no whole report is called cut', () => {
      const whole = of('intact', 'no-tail', 'no-timestamps', 'foreign-lines');
      expect(whole.filter(({ text }) => readText(text).terminated === false)).toEqual([]);
    });
  },
);
