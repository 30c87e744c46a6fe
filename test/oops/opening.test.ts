import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCrashes } from '../../harness/oops/crash.ts';
import { readLog } from '../../harness/oops/log-line.ts';

const linesOf = (file: string) =>
  readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), 'latin1')
    .trimEnd()
    .split('\n');
const read = (lines: readonly string[]) => readCrashes(readLog(lines.join('\n')));
const without = (lines: readonly string[], words: string) => {
  const at = lines.findIndex((line) => line.includes(words));
  expect([words, at]).not.toEqual([words, -1]);
  return lines.toSpliced(at, 1);
};

describe('the line that opens a report', () => {
  test.each(['6.12/bug', '6.1/bug', '6.12/warning', '6.12/warning-panics'])(
    '%s without it: nobody can say whether it was shown',
    (file) => {
      const cut = without(linesOf(file), '[ cut here ]');
      for (const lines of [cut, [...linesOf(file), ...cut]]) {
        expect(read(lines)).toMatchObject({
          whole: null,
          why: [expect.stringContaining('The line above its first one (“cut here”)')],
        });
      }
    },
  );

  test('a long message of its own, and what others say, may stand in between', () => {
    const lines = linesOf('6.12/warning');
    const at = lines.findIndex((line) => line.includes('WARNING: '));
    const message = Array.from({ length: 10 }, (_, row) => `[    9.000000] row ${row} of it`);
    expect(read(lines.toSpliced(at, 0, ...message))).toMatchObject({ whole: true });
  });

  test('a WARN_ON() had none in some kernels', () => {
    const old = without(linesOf('6.12/warning'), '[ cut here ]');
    expect(read(old.map((line) => line.replaceAll('6.12.', '4.19.'))).whole).toBe(true);
  });
});

test('what x86 says of a stack before the exception itself', () => {
  for (const [file, words] of [
    ['6.12/stack-overflow', 'stack guard page was hit'],
    ['6.12/double-fault', 'PANIC: double fault'],
  ] as const) {
    expect(read(linesOf(file)).whole).toBe(true);
    expect(read(without(linesOf(file), words)).whole).toBe(false);
  }
});

test('a processor that has protection keys shows them, in each block', () => {
  const lines = linesOf('6.12/task-panics');
  const none = lines.filter((line) => !line.includes('PKRU: '));
  expect(none.length).toBeLessThan(lines.length - 1);
  expect(read(none)).toMatchObject({ whole: false, why: ['A row PKRU is missing.'] });
  // Bit 22 of CR4 says whether it has.
  const lacks = none.map((line) => line.replace(/(CR4: 0{8}00)[0-9a-f]/, '$13'));
  expect(lacks).not.toEqual(none);
  expect(read(lacks).whole).toBe(true);
});

test('the modules of a lockup', () => {
  const lines = linesOf('6.12/soft-lockup-panics');
  expect(read(lines).whole).toBe(true);
  expect(read(without(lines, 'Modules linked in:'))).toMatchObject({
    whole: null,
    why: [expect.stringContaining('“Modules linked in:” is missing')],
  });
});

test('what taints a kernel, spelt out', () => {
  for (const file of ['6.12/soft-lockup-panics', 'arm64-6.12/breakpoint'])
    expect(read(without(linesOf(file), '] Tainted: [')).whole).toBe(false);
});
