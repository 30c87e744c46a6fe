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

  const panic = withCaller(textOf('6.12/task-panics'), 'T150');
  const beforePanic = panic.findIndex((line) => line.includes('Kernel panic')) - 2;

  /** The rest of another's report, behind the panic's first lines. */
  const amidPanic = (own: readonly string[]) =>
    [...panic.slice(0, beforePanic), ...own.slice(0, 9), ...panic.slice(beforePanic, -1), ...own.slice(9)]
      .concat(panic.at(-1) ?? '')
      .join('\n');

  test('a panic on another CPU ends a report in the middle: nobody can say where', () => {
    const stopped = withCaller(textOf('6.12/null'), 'T151').slice(0, 6);
    const text = panic.toSpliced(beforePanic, 0, ...stopped).join('\n');
    const { whole, why } = read(text);
    expect([whole, why]).toEqual([null, [expect.stringContaining('A panic on another CPU')]]);
    // Long before it, the rest was lost.
    const before = [...stopped, ...panic].join('\n');
    expect(read(before).whole).toBe(false);
  });

  test('a report that comes to its end in spite of a panic on another CPU is judged like any other', () => {
    const other = withCaller(textOf('6.12/null'), 'T151');
    expect(read(amidPanic(other))).toMatchObject({ whole: true });
    const row = other.findIndex((line) => line.includes('R10: '));
    expect(read(amidPanic(other.toSpliced(row, 1))).whole).toBe(false);
  });

  test('without callers the rest of a report may stand behind another CPU’s panic', () => {
    const kasan = KASAN.split('\n');
    const [boot = ''] = textOf('6.12/init-exits').split('Kernel panic');
    expect(boot).not.toBe('');
    const died = textOf('6.12/init-exits')
      .slice(boot.lastIndexOf('\n') + 1)
      .split('\n');
    const text = [...kasan.slice(0, 3), ...died.slice(0, -1), ...kasan.slice(3), ...died.slice(-1)];
    expect(read(text.join('\n')).whole).toBe(true);
    const cpu = text.findLastIndex((line) => line.startsWith('CPU: '));
    expect(read(text.toSpliced(cpu, 1).join('\n')).whole).toBe(false);
  });
});

/** In the form of Linux 4.4, made up. */
const KASAN = [
  '='.repeat(66),
  'BUG: KASAN: use-after-free in reader_poll+0x4c0/0x4f0 at addr ffff8801ca657d38',
  'Read of size 8 by task reader/1243',
  'CPU: 0 PID: 1243 Comm: reader Not tainted 4.4.114+ #1',
  'Hardware name: QEMU Standard PC (i440FX + PIIX, 1996)',
  ' 0000000000000000 ffff8801ca6579e0 ffffffff81cac64d ffffed00394cafa7',
  ' ffffed00394cafa7 0000000000000008 0000000000000000 ffff8801ca657d38',
  'Call Trace:',
  ' [<ffffffff81cac64d>] dump_stack+0xc1/0x124',
  ' [<ffffffff814d588d>] kasan_report+0x44d/0x540',
  ' [<ffffffff81ce6f10>] reader_poll+0x4c0/0x4f0',
  'Memory state around the buggy address:',
  ' ffff8801ca657c00: f2 f2 f2 00 00 00 00 00 f2 f2 f2 f3 f3 f3 f3 00',
  ' ffff8801ca657c80: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00',
  '>ffff8801ca657d00: f1 f1 f1 f1 00 00 f2 f2 f2 f2 f2 f2 00 00 00 00',
  '                                        ^',
  ' ffff8801ca657d80: 00 f2 f2 f2 f2 f2 f2 f2 00 00 00 00 00 f2 f2 f2',
  ' ffff8801ca657e00: f3 f3 f3 f3 00 00 00 00 00 00 00 00 00 00 00 00',
  '='.repeat(66),
].join('\n');

const freed = (heading: string) =>
  KASAN.replace('Memory', `\n${heading} [<ffffffff814d588d>] kfree+0x44d/0x540\n\nMemory`);

describe('a line without which the others make no sense', () => {
  test.each([
    ['Read of size', 'What was accessed is missing.'],
    ['Memory state', '“Memory state around …” is missing.'],
    [' ffff8801ca657e00', 'Of the memory around the address 1 rows are missing.'],
  ])('KASAN: %s', (line, why) => {
    expect(read(KASAN)).toMatchObject({ whole: true, why: [] });
    const at = KASAN.split('\n').findIndex((one) => one.startsWith(line));
    expect(read(KASAN.split('\n').toSpliced(at, 1).join('\n'))).toMatchObject({ whole: false, why: [why] });
  });

  const BEHEADED = ['The line that begins a call trace is missing.'];

  test('frames right behind the words of a stack', () => {
    const second = KASAN.split('\n').slice(5, 11);
    const twice = KASAN.replace('Memory', `${second.join('\n')}\nMemory`);
    expect(read(twice)).toMatchObject({ whole: true });
    const beheaded = second.filter((line) => line !== 'Call Trace:').join('\n');
    expect(read(KASAN.replace('Memory', `${beheaded}\nMemory`))).toMatchObject({
      whole: false,
      why: BEHEADED,
    });
  });

  test('frames right behind a blank line, where each trace says what it is', () => {
    expect(read(freed('Freed by task 1:\n'))).toMatchObject({ whole: true });
    expect(read(freed(''))).toMatchObject({ whole: false, why: BEHEADED });
  });

  test('frames right behind registers, where callers tell whose they are', () => {
    const lines = withCaller(textOf('6.12/soft-lockup-panics'), 'C0');
    const at = lines.findIndex((line) => line.includes('Call Trace:'));
    expect(lines[at - 1]).toContain('PKRU: ');
    const { why } = read(lines.toSpliced(at, 2).join('\n'));
    expect(why).toEqual(expect.arrayContaining(BEHEADED));
  });

  test('a panic that says it was led to', () => {
    const panics = textOf('6.12/warning-panics').split('\n');
    const warning = panics.findIndex((line) => line.includes('WARNING: '));
    expect(read(panics.toSpliced(warning, 1).join('\n'))).toMatchObject({
      whole: false,
      why: ['The report that led to the panic is missing.'],
    });
    // Where another report came before it, `cut here` has none behind it.
    const after = [...textOf('6.12/soft-lockup').split('\n'), ...panics.toSpliced(warning, 1)];
    expect(read(after.join('\n'))).toMatchObject({
      whole: false,
      why: expect.arrayContaining(['The first line of a report is missing.']),
    });
  });

  test('the code and the place before the end trace of an old kernel', () => {
    const old = OLD_OOPS.split('\n');
    expect(read(OLD_OOPS)).toMatchObject({ whole: true, why: [] });
    for (const row of ['Code: ', 'RIP: reader']) {
      const at = old.findIndex((line) => line.startsWith(row));
      expect(read(old.toSpliced(at, 1).join('\n')).whole).toBe(false);
    }
  });

  test('where a kernel lies that shows nothing else of its machine', () => {
    const text = [
      'Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: reader+0x3f2/0x400',
      'CPU: 0 PID: 269 Comm: reader Not tainted 4.20.0+ #1',
      'Hardware name: QEMU',
      'Call Trace:',
      'Kernel Offset: disabled',
      'Rebooting in 5 seconds..',
    ];
    expect(read(text.join('\n')).whole).toBe(true);
    expect(read(text.toSpliced(4, 1).join('\n')).whole).toBeNull();
  });
});

/** In the form of Linux 4.15, made up. */
const OLD_OOPS = [
  'general protection fault: 0000 [#1] SMP',
  'Modules linked in:',
  'CPU: 0 PID: 364 Comm: reader Not tainted 4.15.0 #1',
  'Hardware name: QEMU',
  'RIP: 0010:reader_poll+0x162/0x1f0',
  'RSP: 0018:ffff8801bc95f840 EFLAGS: 00010282',
  'RAX: 0000000000000088 RBX: ffff8801d9a3c0c0 RCX: 0000000000000000',
  'RDX: 0000000000000088 RSI: 1ffff1003792beb7 RDI: ffffed003792befc',
  'RBP: ffff8801bc95f8a8 R08: 1ffff1003792be59 R09: 0000000000000000',
  'R10: 0000000000000000 R11: 0000000000000000 R12: ffffffff86218980',
  'R13: ffffffff84b0b0f8 R14: ffffffff862181e0 R15: 0000000000000064',
  'FS:  00000000014d4880(0000) GS:ffff8801db200000(0000) knlGS:0000000000000000',
  'CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033',
  'CR2: 0000000020000000 CR3: 00000001bccb4000 CR4: 00000000001406f0',
  'Call Trace:',
  ' vfs_read+0x11e/0x350',
  ' do_syscall_64+0x281/0x940',
  'Code: 04 01 84 c0 74 04 3c 03 7e 23 8b 8b 80 00 00 00 41 57 48 c7 c7 a0 88 1f 86 52 56 4c 89 ea 41 50 4c 89 e6 45 89 f0 <0f> 0b 58 4d',
  'RIP: reader_poll+0x162/0x1f0 RSP: ffff8801bc95f840',
  '---[ end trace 0b1fd34e17500035 ]---',
].join('\n');

test('messages that the kernel dropped are missing', () => {
  const lines = textOf('6.12/task').split('\n');
  const text = lines.toSpliced(8, 0, '** 12 printk messages dropped **').join('\n');
  expect(read(text)).toMatchObject({ whole: false, why: ['The kernel dropped messages inside the report.'] });
});
