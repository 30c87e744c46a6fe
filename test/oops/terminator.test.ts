import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readOops } from '../../harness/oops/read.ts';
import { fixtures, readFixture, terminatedFixtures } from './fixtures.ts';

const terminated = terminatedFixtures();

test.each(terminated)('the report of $file is terminated', ({ lines, panicTimeout }) => {
  expect(readOops(lines).terminated).toBe(true);
  expect(readOops(lines, panicTimeout === undefined ? {} : { panicTimeout }).terminated).toBe(true);
});

test.each(fixtures.filter(({ end, panic }) => end === undefined && panic === undefined))(
  'the text of $file has no end to miss',
  ({ file }) => {
    expect(readOops(readFixture(file)).terminated).toBeNull();
  },
);

describe('damage', () => {
  test.each(terminated)(
    'any cut before the end of $file makes it unterminated',
    ({ lines, endLine, ...fixture }) => {
      // panicExpected: from the text alone, a survived oops and one cut right before its panic are the same.
      const options = { panicExpected: fixture.panic !== undefined };
      for (let length = 0; length <= endLine; length += 1) {
        expect(readOops(lines.slice(0, length), options).terminated).not.toBe(true);
      }
      const headline = lines.findIndex((_, index) => readOops(lines.slice(0, index + 1)).kind !== 'none');
      expect(readOops(lines.slice(0, headline + 1), options).terminated).toBe(false);
      expect(readOops(lines.slice(0, endLine), options).terminated).toBe(false);
    },
  );

  test.each(terminated)('without its end line the report of $file is unterminated', ({ lines, endLine }) => {
    expect(readOops(lines.toSpliced(endLine, 1)).terminated).toBe(false);
  });

  test.each(terminated)(
    'any cut within the end line of $file makes it unterminated',
    ({ lines, endLine }) => {
      const whole = lines[endLine] ?? '';
      fc.assert(
        fc.property(fc.nat({ max: whole.length - 1 }), (length) => {
          const cut = lines.slice(0, endLine).concat(whole.slice(0, length));
          expect(readOops(cut).terminated).toBe(false);
        }),
        { numRuns: 20 },
      );
    },
  );

  test('an oops in an interrupt or of the idle task has no end without its panic', () => {
    for (const file of ['6.12/hrtimer', '6.12/softirq-entry', '6.12/double-fault', '6.12/stack-overflow']) {
      const lines = readFixture(file);
      const panic = lines.findIndex((line) => line.startsWith('Kernel panic'));
      expect(readOops(lines.slice(0, panic)).terminated).toBe(false);
    }
  });
});

describe('an oops on x86-64', () => {
  const lines = readFixture('6.12/null');
  const endTrace = lines.findIndex((line) => line.startsWith('---[ end trace'));

  test.each(['RIP', 'Code', 'RSP', 'RAX', 'RDX', 'RBP', 'R10', 'R13', 'FS', 'CS', 'CR2', 'PKRU'])(
    'is unterminated without the %s row of its second register block',
    (register) => {
      const row = lines.findIndex((line, index) => index > endTrace && line.startsWith(`${register}: `));
      expect(readOops(lines.toSpliced(row, 1))).toMatchObject({
        terminated: false,
        terminator: `the second register block after the end trace not found whole: no ${register} row`,
      });
    },
  );

  test('is terminated without protection keys where the processor has none', () => {
    const without = lines.filter((line) => !line.startsWith('PKRU'));
    expect(readOops(without).terminated).toBe(true);
  });

  test('is not terminated by the registers of the oops after it', () => {
    const next = readFixture('6.12/divide');
    const reading = readOops([...lines.slice(0, endTrace + 1), ...next]);
    expect(reading.terminated).toBe(false);
    expect(reading.warnings).toEqual([`another report (divide-error) begins at line ${endTrace + 2}`]);
  });

  test('in the form before Linux 4.18 is not judged beyond its end trace', () => {
    const old = ['BUG: unable to handle kernel paging request at ffff8801', 'Oops: 0002 [#1] SMP'];
    const registers = ['RIP: 0010:foo+0x1/0x2', 'RSP: 0018:ffff880000000000 EFLAGS: 00010286'];
    expect(readOops([...old, ...registers]).terminated).toBe(false);
    expect(readOops([...old, ...registers, '---[ end trace d2d6da9d918cb453 ]---']).terminated).toBeNull();
  });
});

test('an oops on arm64 is terminated by its end trace', () => {
  const start = [
    'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000',
    'Internal error: Oops: 0000000096000044 [#1] PREEMPT SMP',
    'pc : sysrq_handle_crash+0x20/0x30',
  ];
  expect(readOops(start).terminated).toBe(false);
  expect(readOops([...start, '---[ end trace 0000000000000000 ]---']).terminated).toBe(true);
});

describe('a panic', () => {
  const start = 'Kernel panic - not syncing: VFS: no root';
  const marker = '---[ end Kernel panic - not syncing: VFS: no root ]---';
  const reboot = 'Rebooting in 5 seconds..';

  test.each([
    [0, [start, marker], true],
    [0, [start, reboot], false],
    [0, [marker, start], false],
    [0, [start, '---[ end Kernel panic - not syncing: another ]---'], false],
    [0, [start, '---[ end Kernel panic - not syncing: VFS: no root'], false],
    [5, [start, reboot], true],
    [5, [start, marker], false],
    [5, [reboot, start], false],
    [6, [start, reboot], false],
    [-1, [start], null],
    [-1, [start, marker], null],
    [undefined, [start, marker], true],
    [undefined, [start, reboot], true],
    [undefined, [start], false],
  ])('with panic=%s and the lines %j is terminated: %s', (panicTimeout, lines, expected) => {
    const options = panicTimeout === undefined ? {} : { panicTimeout };
    expect(readOops(lines, options).terminated).toBe(expected);
  });

  test('takes the end trace of the warning before it for nothing', () => {
    const lines = [...readFixture('6.12/warning'), start];
    expect(readOops(lines)).toMatchObject({
      kind: 'warning',
      panic: { message: 'VFS: no root' },
      terminated: false,
    });
  });

  test('ends where the marker has repeated all lines of its message', () => {
    const lines = [
      `${start}, tried:`,
      'ext4',
      'CPU: 0',
      '---[ end Kernel panic - not syncing: VFS: no root, tried:',
    ];
    expect(readOops([...lines, 'ext4 ]---']).terminated).toBe(true);
    expect(readOops([...lines, 'xfs ]---']).terminated).toBe(false);
    expect(readOops(lines).terminated).toBe(false);
  });

  test('inside a panic ends both', () => {
    const lines = [
      start,
      'Kernel panic - not syncing: again',
      '---[ end Kernel panic - not syncing: again ]---',
    ];
    expect(readOops(lines)).toMatchObject({ panic: { message: 'VFS: no root' }, terminated: true });
  });

  test('does not end in the log of the next boot', () => {
    const lines = [start, 'Linux version 6.12.0', start, marker];
    const reading = readOops(lines);
    expect(reading.terminated).toBe(false);
    expect(reading.warnings).toEqual(['a boot begins at line 2; what follows is not read']);
  });
});

describe('an out-of-memory report', () => {
  test('is unterminated where another process was killed than was chosen', () => {
    const lines = readFixture('6.12/oom').map((line) =>
      line.replace('Killed process 136', 'Killed process 137'),
    );
    expect(readOops(lines)).toMatchObject({
      terminated: false,
      terminator: 'the line that process 136 was killed not found',
    });
  });

  test('may be the line of the killed process alone', () => {
    const line = readFixture('6.12/oom').find((text) => text.startsWith('Out of memory')) ?? '';
    expect(readOops([line])).toMatchObject({ kind: 'oom', terminated: true });
  });
});

test('a sanitizer’s report is closed by its own bar, not by the opening bar of the next', () => {
  const bar = '='.repeat(66);
  const report = ['BUG: KASAN: slab-use-after-free in foo+0x1/0x2', 'CPU: 0'];
  expect(readOops([bar, ...report, bar]).terminated).toBe(true);
  expect(readOops([bar, ...report]).terminated).toBe(false);
  expect(readOops([bar, ...report, bar, ...report, bar]).terminated).toBe(false);
  expect(readOops([bar, ...report, bar, bar, ...report]).terminated).toBe(true);
});
