import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readOops } from '../../harness/oops/read.ts';
import { fixtures, readFixture } from './fixtures.ts';

const titles: Record<string, string | null> = {
  '6.12/boot': null,
  '6.12/sysrq-noise': null,
  '6.12/sysrq-c': 'Kernel panic - not syncing: sysrq triggered crash',
  '6.12/hrtimer': 'Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI',
  '6.1/hrtimer': 'invalid opcode: 0000 [#1] PREEMPT SMP NOPTI',
  '6.12/null': 'BUG: kernel NULL pointer dereference, address: 0000000000000000',
  '6.12/bug': 'kernel BUG at mm/usercopy.c:102!',
  '6.12/double-fault': 'traps: PANIC: double fault, error_code: 0x0',
  '6.12/warning': 'WARNING: CPU: 0 PID: 139 at lib/refcount.c:28 refcount_warn_saturate+0xbe/0x110',
  '6.1/rcu-stall': 'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
};

/** The kernel went on after its oops, into a warning. */
const LED_TO_MORE = ['6.1/softirq-entry', 'arm64-6.12/breakpoint'];

describe('captured from a guest', () => {
  test.each(fixtures)('$file is read as $kind', ({ file, kind, panic }) => {
    const reading = readOops(readFixture(file));
    expect(reading.kind).toBe(kind);
    expect(reading.panic).toEqual(panic === undefined ? null : { message: panic });
  });

  test.each(Object.entries(titles))('%s has the kernel’s own first line for its title', (file, title) => {
    expect(readOops(readFixture(file)).title).toBe(title);
  });

  test('a whole report comes without warnings', () => {
    for (const { file } of fixtures.filter((fixture) => !LED_TO_MORE.includes(fixture.file))) {
      expect(readOops(readFixture(file)).warnings).toEqual([]);
    }
  });

  test.each(LED_TO_MORE)('what the first oops of %s led to is told as a second report', (file) => {
    const { warnings } = readOops(readFixture(file));
    expect(warnings).toEqual([expect.stringMatching(/^another report \(warning\) begins at line \d+$/)]);
  });
});

test('the first event counts, not the panic it led to', () => {
  const panic = 'Kernel panic - not syncing: Fatal exception';
  expect(readOops(['divide error: 0000 [#1] SMP', panic]).kind).toBe('divide-error');
  expect(readOops([panic, 'divide error: 0000 [#1] SMP']).kind).toBe('panic');
});

test('a panic whose cause is missing says so', () => {
  const { kind, warnings } = readOops(['Kernel panic - not syncing: Fatal exception in interrupt']);
  expect(kind).toBe('panic');
  expect(warnings).toEqual(['the report that led to this panic is not in the text']);
});

test('lost and repeated messages inside a report are warned of, those before it are not', () => {
  const dropped = '** 12 printk messages dropped **';
  const replayed = '** replaying previous printk message **';
  const panic = 'Kernel panic - not syncing: x';
  expect(readOops([dropped, replayed, panic]).warnings).toEqual([]);
  expect(readOops([panic, dropped, replayed]).warnings).toEqual([
    'the kernel dropped messages inside the report',
    'the kernel printed a message twice',
  ]);
});

test('lines before a report and other messages after it change nothing but its place', () => {
  const lines = readFixture('6.12/task');
  const around = [...readFixture('6.12/boot'), ...lines, 'note: hostname[1] exited', 'sysrq: Show State'];
  expect(readOops(around)).toEqual(readOops(lines));
});

describe('any text', () => {
  const words = fixtures
    .flatMap(({ file }) => readFixture(file))
    .filter((line) => !/^ ?[?<\w. ]+\+0x/.test(line));
  const line = fc.oneof(
    fc.constantFrom(...words, ' <IRQ>', ' </IRQ>', ' handle_softirqs+0x1/0x2', '='.repeat(66)),
    fc.string({ unit: 'binary' }),
  );

  test('is read without an exception, and only a crash has a title and an end', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.option(fc.integer()), (lines, timeout) => {
        const reading = readOops(lines, timeout === null ? {} : { panicTimeout: timeout });
        const crashed = reading.kind !== 'none';
        expect(reading.title !== null && lines.includes(reading.title)).toBe(crashed);
        expect(crashed || reading.terminated === null).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  const megabytes = 5 * 1024 * 1024;
  const report = readFixture('6.12/null');
  test.each([
    ['of a boot', readFixture('6.12/boot')],
    ['of one report again and again', report],
    ['of panics', ['Kernel panic - not syncing: x']],
    ['of unfinished end markers', ['---[ end Kernel panic - not syncing: x']],
    ['of warnings', ['WARNING: CPU: 0 PID: 1 at x']],
    ['of frames', [' ? foo+0x10/0x20']],
    ['of one line of blanks', [' '.repeat(megabytes)]],
    ['of one line of trap names', [`Oops: ${'general protection fault, : 0000 '.repeat(megabytes / 33)}`]],
    [
      'of one line of deaths',
      [`Out of memory: Killed process 1 (a${') total-vm: oom_score_adj:x'.repeat(megabytes / 28)}`],
    ],
    ['of one line of opening brackets', [`WARNING: [${'] x:1'.repeat(megabytes / 5)}`]],
  ])(
    '5 MB long is read in time linear in its length: %s',
    (_, block) => {
      const size = block.reduce((sum, { length }) => sum + length + 1, 0);
      const lines = Array.from({ length: Math.ceil(megabytes / size) }, () => block).flat();
      const before = performance.now();
      readOops(['Kernel panic - not syncing: x', 'Call Trace:', ...lines]);
      // It takes 0.05–0.5 s; a quadratic step would take minutes.
      expect(performance.now() - before).toBeLessThan(20_000);
    },
    60_000,
  );
});
