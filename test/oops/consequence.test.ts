import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readCrashes } from '../../harness/oops/crash.ts';
import { readLog } from '../../harness/oops/log-line.ts';

const linesOf = (file: string) =>
  readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), 'latin1')
    .trimEnd()
    .split('\n');
const read = (lines: readonly string[]) => readCrashes(readLog(lines.join('\n')));
const chatter = (count: number, second: number) =>
  Array.from({ length: count }, (_, at) => `[${second}.${String(at).padStart(6, '0')}] eth0: chat ${at}`);
const unstamped = (lines: readonly string[]) => lines.map((line) => line.replace(/^\[ *[\d.]+\] /, ''));
/** The panic alone, `seconds` after boot. */
const panicOf = (file: string, seconds: number) => {
  const lines = linesOf(file);
  return lines
    .slice(lines.findIndex((line) => line.includes('] Kernel panic - not syncing: ')))
    .map((line) => line.replace(/^\[ *\d+/, `[ ${seconds}`));
};
const sysrq = (seconds: number) => panicOf('6.12/sysrq-c', seconds);

test.each(['6.12/task', '6.12/soft-lockup', '6.12/warning', '6.12/oom'])(
  '%s was survived: a panic an hour later is another crash',
  (file) => {
    const before = read(linesOf(file));
    const later = [...linesOf(file), ...chatter(60, 100), ...sysrq(3600)];
    for (const text of [later, unstamped(later)]) {
      const { crashes, whole } = read(text);
      expect(crashes.map(({ panic }) => panic)).toEqual([
        ...before.crashes.map(() => null),
        'sysrq triggered crash',
      ]);
      // What has no end did not get one by that.
      expect(whole).toBe(before.whole);
    }
  },
);

test('a panic that says it is a consequence is none of what is long over', () => {
  const [first] = panicOf('6.12/task-panics', 3600);
  const text = [...linesOf('6.12/task'), ...panicOf('6.12/task-panics', 3600)];
  expect(read(text).crashes).toHaveLength(2);
  expect(read(text)).toMatchObject({
    whole: false,
    why: [expect.stringContaining('The report that led to the panic is missing')],
  });
  expect(first).toContain('Fatal exception');
  expect(read([...linesOf('6.12/warning'), ...panicOf('6.12/warning-panics', 13)]).crashes).toHaveLength(2);
});

test.each(['6.12/task-panics', '6.12/warning-panics', '6.12/soft-lockup-panics', '6.1/double-fault'])(
  '%s led to its panic, and is one crash',
  (file) => {
    for (const text of [linesOf(file), unstamped(linesOf(file))]) {
      expect(read(text).crashes).toMatchObject([{ panic: expect.any(String) }]);
    }
  },
);

test('a report that was cut has nothing to do with the panic of an hour later', () => {
  const cut = linesOf('6.12/task').slice(0, 20);
  const { crashes, whole, why } = read([...cut, ...sysrq(3600)]);
  expect(crashes).toMatchObject([{ panic: null }, { panic: 'sysrq triggered crash' }]);
  expect(whole).toBe(false);
  expect(why).toContain('The end trace is missing.');
});

test('a panic inside panic() is of the same crash, one after its end is not', () => {
  const panic = linesOf('6.12/sysrq-c');
  const at = panic.findIndex((line) => line.includes('Call Trace:')) + 4;
  const other = panicOf('6.12/sysrq-c', 5);
  const inside = [...panic.slice(0, at), ...other];
  expect(read(inside).crashes).toHaveLength(1);
  expect(read([...panic, ...other]).crashes).toHaveLength(2);
});

test('after an oops that was survived a panic names no CPU: nothing of it is lost', () => {
  const panic = sysrq(3600);
  const cpu = panic.findIndex((line) => line.includes('] CPU: '));
  const trace = panic.findIndex((line) => line.includes('Kernel Offset: '));
  expect([cpu, trace].toSorted((one, other) => one - other)).toEqual([cpu, trace]);
  const bare = panic.toSpliced(cpu, trace - cpu);
  expect(read(bare).whole).toBe(false);
  for (const count of [60, 3000]) {
    expect(read([...linesOf('6.12/task'), ...chatter(count, 100), ...bare]).whole).toBe(true);
    const boot = '[    0.000000] Linux version 6.12.1';
    expect(read([...linesOf('6.12/task'), ...chatter(count, 100), boot, ...bare]).whole).toBe(false);
  }
});

test('where the head of an oops is lost, its panic is not what lacks a CPU', () => {
  const lines = linesOf('6.12/task-panics');
  const end = lines.findIndex((line) => line.includes('---[ end trace'));
  expect(read(lines.slice(end))).toMatchObject({ whole: false, why: ['Its beginning is missing.'] });
});
