import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { finished } from '../host/program.ts';

const folder = process.env['CRASHLAB_CORPUS'] ?? new URL('../../../shared/corpus', import.meta.url).pathname;
const program = new URL('corpus.mjs', import.meta.url).pathname;
const corpus = (...args: string[]) => finished([process.execPath, program, ...args], {});

describe.skipIf(!existsSync(`${folder}/score.py`))(
  'the open corpus (skipped where CRASHLAB_CORPUS names no folder with it)',
  () => {
    test('is scored, and no target is missed', { timeout: 60_000 }, async () => {
      const { code, stdout } = await corpus(`${folder}/oops-open.jsonl`);
      expect(code).toBe(0);
      const percent = (metric: string) =>
        Number(new RegExp(`^${metric} +\\d+/ *\\d+ +([\\d.]+)%`, 'm').exec(stdout)?.[1]);
      expect(percent('kind')).toBeGreaterThanOrEqual(95);
      expect(percent('frame')).toBeGreaterThanOrEqual(90);
      expect(percent('headline')).toBeGreaterThanOrEqual(95);
      const [, precision, recall] = /^crash: .*precision ([\d.]+) recall ([\d.]+)/m.exec(stdout) ?? [];
      expect(Number(precision)).toBeGreaterThanOrEqual(0.995);
      expect(Number(recall)).toBeGreaterThanOrEqual(0.998);
    });

    test('has damaged copies, of which no more are taken for whole than its text can’t tell', async () => {
      const { stdout } = await corpus(`${folder}/oops-open-mutants.jsonl`);
      const rows = [
        ...stdout.matchAll(/^(\S+) +want (\S+) +true +(\d+) +false +(\d+) +cannot tell +(\d+)/gm),
      ];
      const sum = (want: string, column: number) =>
        rows.filter((row) => row[2] === want).reduce((total, row) => total + Number(row[column]), 0);
      // One is cut right behind a closing bar, one lacks one of three traces that two CPUs mixed without saying who spoke.
      expect(sum('False', 3)).toBeLessThanOrEqual(2);
      expect(sum('False', 4) + sum('False', 5)).toBeGreaterThan(460);
      // 97 % is the target; of the ten that are missing eight come from a kernel without modules, which lacks a line.
      expect(sum('True', 3)).toBeGreaterThanOrEqual(290);
    });
  },
);

test('without a file, or with one that is not there, it says what to do', async () => {
  expect(await corpus()).toMatchObject({ code: 2, stderr: expect.stringContaining('name one file or more') });
  expect(await corpus('/nonexistent.jsonl')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no /nonexistent.jsonl'),
  });
});
