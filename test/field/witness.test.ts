import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LogJudge } from '../../harness/field/log-judge.ts';
import { holdAgainst } from '../../harness/field/witness.ts';
import { readLog } from '../../harness/oops/log-line.ts';

const textOf = (file: string) =>
  readFileSync(new URL(`../oops/fixtures/${file}.txt`, import.meta.url), 'latin1')
    .trimEnd()
    .split('\n');

function testimonies(lines: readonly string[]) {
  const judge = new LogJudge(true);
  judge.take(readLog(lines.join('\n')));
  judge.finish();
  return judge.testimonies;
}

const held = (first: readonly string[], second: readonly string[]) =>
  holdAgainst(testimonies(first), testimonies(second));

const panic = textOf('6.12/task-panics');
const frame = panic.findIndex((line) => line.includes('do_syscall_64'));
const wordsOf = (line = '') => line.replace(/^\[ *[\d.]+\] ?/, '');

describe('two logs of one crash', () => {
  test('that have the same', () => {
    expect(held(panic, panic)).toEqual([{ first: 0, second: 0, lacks: { first: [], second: [] } }]);
  });

  test('a line that only one has is named, wherever it stood', () => {
    for (const at of [frame, panic.length - 1]) {
      const lacks = { first: [], second: [wordsOf(panic[at])] };
      expect(held(panic, panic.toSpliced(at, 1))).toMatchObject([{ lacks }]);
      expect(held(panic.toSpliced(at, 1), panic)).toMatchObject([{ lacks: { first: lacks.second } }]);
    }
  });

  test('one of two lines with the same words', () => {
    const at = panic.findLastIndex((line) => line.includes('RAX: '));
    expect(held(panic, panic.toSpliced(at, 1))).toMatchObject([{ lacks: { second: [wordsOf(panic[at])] } }]);
  });

  test('a torn line is not missing where it is whole', () => {
    const at = panic.findIndex((line) => line.includes('R10: '));
    const torn = panic.with(at, (panic[at] ?? '').slice(0, -20));
    expect(held(panic, torn)).toMatchObject([{ lacks: { first: [], second: [wordsOf(panic[at])] } }]);
  });

  test('what one does not know to be of the crash is not missing in it', () => {
    // Without its first lines it is told of as a panic, which begins later.
    const warning = textOf('6.12/warning-panics');
    const headline = warning.findIndex((line) => line.includes('WARNING: '));
    expect(held(warning, warning.toSpliced(headline, 1))).toMatchObject([
      { lacks: { first: [], second: [wordsOf(warning[headline])] } },
    ]);
  });

  test('what programs wrote between is no kernel’s; nor is the order, which two CPUs share', () => {
    const noisy = panic.toSpliced(frame, 0, 'login: root', '');
    expect(held(noisy, panic)).toMatchObject([{ lacks: { second: [] } }]);
    const turned = panic.with(frame, panic[frame + 1] ?? '').with(frame + 1, panic[frame] ?? '');
    expect(held(turned, panic)).toMatchObject([{ lacks: { first: [], second: [] } }]);
  });
});

test('another crash of the same bug is another', () => {
  const again = panic.map((line) =>
    line.replaceAll(/\b[0-9a-f]{16}\b/g, 'ffff888012345678').replaceAll(/PID: \d+|0x[0-9a-f]{4,}/g, '7'),
  );
  expect(held(panic, again)).toEqual([]);
  expect(held([...again, ...panic], panic)).toMatchObject([{ first: 1, second: 0 }]);
});

test('of a flood of crashes only the first are kept for it', () => {
  const many = Array.from({ length: 600 }, () => textOf('6.12/warning')).flat();
  expect(testimonies(many)).toHaveLength(500);
});
