import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCrashes } from '../../harness/oops/crash.ts';
import { readLog } from '../../harness/oops/log-line.ts';
import { fixtures } from './fixtures.ts';

const textOf = (file: string) =>
  readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), 'latin1').trimEnd();
const read = (text: string) => readCrashes(readLog(text));
/** The second report in these is of another kind, and the kernel's own. */
const ended = fixtures.filter(({ end, kind }) => end !== undefined && kind !== 'oom');

describe('a report of our own guests', () => {
  test.each(fixtures)('$file: the kind', ({ file, kind }) => {
    expect(read(textOf(file)).crashes[0]?.kind ?? 'none').toBe(kind);
  });

  test.each(ended)('$file is whole', ({ file }) => {
    expect(read(textOf(file))).toMatchObject({ whole: true, why: [] });
  });

  test.each(fixtures.filter(({ end, kind }) => end === undefined && kind !== 'none'))(
    '$file has no end: it is never called whole',
    ({ file }) => {
      expect(read(textOf(file)).whole).not.toBe(true);
    },
  );

  test.each(ended.filter(({ panic }) => panic !== undefined))(
    '$file is not whole wherever it is cut',
    ({ file }) => {
      const lines = textOf(file).split('\n');
      const { crashes } = read(textOf(file));
      // What is whole in itself may be followed by a panic or not: a text that ends there can't say.
      const own = /^\[ *[\d.]+\] (?:PKRU: |---\[ end trace|DR3: |CR2: .* CR3)/;
      for (let length = (crashes[0]?.lines.first ?? 0) + 1; length < lines.length; length += 1) {
        if (own.test(lines[length - 1] ?? '')) continue;
        expect(read(lines.slice(0, length).join('\n')).whole).not.toBe(true);
      }
    },
  );

  const ROW =
    /^\[ *[\d.]+\] (?:RIP: |Code: |RSP: |R[A-Z0-9]{2}: |FS: |CS: |CR2: |CPU: |Hardware name: |Call [Tt]race:|Modules linked|Oops: |Internal error|x\d|pc :|lr :|sp :|pstate|Kernel panic|Kernel Offset|Rebooting|---\[ end|PGD |#PF: )/;
  test.each(ended)('$file is not whole without any one of its rows', ({ file }) => {
    const lines = textOf(file).split('\n');
    const first = (read(textOf(file)).crashes[0]?.lines.first ?? 0) + 1;
    const rows = lines.flatMap((line, at) => (at >= first && ROW.test(line) ? [at] : []));
    expect(rows.length).toBeGreaterThan(3);
    const unseen = rows.filter((at) => read(lines.toSpliced(at, 1).join('\n')).whole === true);
    expect(unseen.map((at) => lines[at])).toEqual([]);
  });
});

describe('what is told of a crash', () => {
  test('who ran, where, on which kernel, and how it ended', () => {
    expect(read(textOf('6.12/task-panics')).crashes[0]).toMatchObject({
      kind: 'invalid-opcode',
      headline: 'Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI',
      function: '__x64_sys_sethostname',
      signature: 'invalid-opcode:__x64_sys_sethostname',
      process: 'hostname',
      release: expect.stringMatching(/^6\.12\./),
      taint: 'Not tainted',
      panic: 'Fatal exception',
    });
  });

  test('the signature is that of the same crash at another time and place', () => {
    const text = textOf('6.12/null');
    const elsewhere = text
      .replaceAll(/\b(?:ffff|ff)[0-9a-f]{12}\b/g, 'ffff888012345678')
      .replaceAll(/PID: \d+/g, 'PID: 4321')
      .replaceAll(/^\[ *\d+/gm, '[  999');
    expect(elsewhere).not.toBe(text);
    expect(read(elsewhere).crashes[0]?.signature).toBe(read(text).crashes[0]?.signature);
  });

  test('a clean log has no crash', () => {
    for (const file of ['6.12/boot', '6.12/sysrq-noise']) expect(read(textOf(file)).crashes).toEqual([]);
  });

  test('firmware and programs say WARNING as well: only the kernel’s counts', () => {
    const boot = '[    0.000000] Linux version 6.12.1\n';
    expect(read(`WARNING: RO_VPD is uninitialized or empty.\n${boot}`).crashes).toEqual([]);
    expect(read(`${boot}[    1.000000] WARNING: the cat is on the table`).crashes).toHaveLength(1);
  });
});

const withCaller = (text: string, caller: string) =>
  text.split('\n').map((line) => line.replace(/^(\[ *[\d.]+\])/, `$1[${caller.padStart(6)}]`));
/** Line by line in turn, as two CPUs print. */
function woven(one: string[], other: string[]): string[] {
  const turns = Array.from({ length: Math.max(one.length, other.length) }, (_, at) => [one[at], other[at]]);
  return turns.flat().filter((line) => line !== undefined);
}

describe('several that talk at once', () => {
  test('are told apart by their callers', () => {
    const one = withCaller(textOf('6.12/task'), 'T150');
    const other = withCaller(textOf('6.12/null'), 'T151');
    const { crashes, whole, why } = read(woven(one, other).join('\n'));
    expect(crashes.map(({ kind }) => kind).toSorted()).toEqual(['invalid-opcode', 'null-dereference']);
    expect([whole, why]).toEqual([true, []]);
  });

  test('without callers nobody can say which line is whose', () => {
    const text = woven(textOf('6.12/task').split('\n'), textOf('6.12/null').split('\n')).join('\n');
    expect(read(text).whole).not.toBe(true);
  });

  test('a panic on another CPU ends a report in the middle: that is not a loss', () => {
    const stopped = withCaller(textOf('6.12/null'), 'T151').slice(0, 6);
    const panic = withCaller(textOf('6.12/task-panics'), 'T150');
    const at = panic.findIndex((line) => line.includes('Kernel panic'));
    const text = [...panic.slice(0, at - 2), ...stopped, ...panic.slice(at - 2)].join('\n');
    expect(read(text)).toMatchObject({ whole: true });
    // Long before it, the rest was lost.
    const before = [...stopped, ...panic].join('\n');
    expect(read(before).whole).toBe(false);
  });
});

test('messages that the kernel dropped are missing', () => {
  const lines = textOf('6.12/task').split('\n');
  const text = lines.toSpliced(8, 0, '** 12 printk messages dropped **').join('\n');
  expect(read(text)).toMatchObject({ whole: false, why: ['The kernel dropped messages inside the report.'] });
});
