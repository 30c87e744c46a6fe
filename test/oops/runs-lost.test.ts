import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCrashes } from '../../harness/oops/crash.ts';
import { readLog } from '../../harness/oops/log-line.ts';

const linesOf = (file: string) =>
  readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), 'latin1')
    .trimEnd()
    .split('\n');
const read = (lines: readonly string[]) => readCrashes(readLog(lines.join('\n')));
const textOf = (line: string) => line.replace(/^\[ *\d+\.\d+\] /, '');

/** What is left without the lines from the n-th that begins so to the next that begins otherwise. */
function without(lines: readonly string[], [from, nth]: readonly [string, number], to: string): string[] {
  const starts = lines.flatMap((line, at) => (textOf(line).startsWith(from) ? [at] : []));
  const start = starts[nth] ?? -1;
  const end = lines.findIndex((line, at) => at > start && textOf(line).startsWith(to));
  expect([from, to, start > 0, end > start]).toEqual([from, to, true, true]);
  return lines.toSpliced(start, end - start);
}

describe('lines that were lost one after the other', () => {
  test.each([
    ['the first rows of the registers', '6.12/task-panics', ['RIP: 0010', 0], 'FS: '],
    ['the first rows of the repeated registers', '6.12/task', ['RIP: 0010', 1], 'FS: '],
    ['all rows but the last', '6.1/null', ['RIP: 0010', 0], 'CR2: '],
    ['the end of one block and the head of the next', '6.12/soft-lockup-panics', ['R13: ', 2], 'Code: '],
    ['the first block of registers', '6.1/gpf', ['RIP: 0010', 0], 'Call Trace:'],
    ['who hung', '6.12/soft-lockup-panics', ['CPU: ', 0], 'RIP: '],
    ['what arm64 says after a panic', 'arm64-6.12/task-panics', ['PHYS_OFFSET', 0], '---['],
    ['all that arm64 says after a panic', 'arm64-6.12/task-panics', ['Kernel Offset', 0], '---['],
    ['the first rows of arm64’s registers', 'arm64-6.12/task-panics', ['pstate: ', 0], 'x26: '],
    ['the same in a WARNING', 'arm64-6.12/breakpoint', ['pstate: ', 1], 'x26: '],
    ['whose stack was full', 'arm64-6.12/stack-overflow', ['CPU: ', 0], 'pstate: '],
  ] as const)('%s', (_, file, from, to) => {
    expect(read(linesOf(file)).whole).toBe(true);
    expect(read(without(linesOf(file), from, to)).whole).toBe(false);
  });

  test.each([
    ['the registers of user space', '6.12/task-panics', ['RIP: 0033', 0], ' </TASK>'],
    ['the registers of what was interrupted', '6.12/keyboard', ['RIP: 0010', 0], ' default_idle+'],
    ['a call trace', '6.1/gpf', [' <TASK>', 0], 'Modules linked in:'],
    ['the end of one report and the head of another', 'arm64-6.12/breakpoint', ['---[ end', 0], 'Modules '],
  ] as const)('%s: nobody can say', (_, file, from, to) => {
    expect(read(linesOf(file)).whole).toBe(true);
    expect(read(without(linesOf(file), from, to)).whole).toBeNull();
  });

  test.each(['6.12/double-fault', '6.1/hrtimer', 'arm64-6.12/hrtimer', '6.12/hrtimer-in-user-space'])(
    '%s: the panic that must follow, all of it',
    (file) => {
      const lines = linesOf(file);
      const panic = lines.findIndex((line) => textOf(line).startsWith('Kernel panic'));
      expect(read(lines.slice(0, panic))).toMatchObject({
        whole: false,
        why: ['The panic that must follow is missing.'],
      });
    },
  );
});
