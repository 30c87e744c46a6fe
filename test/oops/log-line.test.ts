import { expect, test } from 'vitest';
import { readLogLines, secondsOf } from '../../harness/oops/log-line.ts';

const texts = (line: string) => readLogLines(line).map(({ text }) => text);

test.each([
  ['[   12.345678] sysrq: Loglevel set to 9', null],
  ['<6>[   12.345678][    C0] sysrq: Loglevel set to 9', 'C0'],
  ['[   12.345678] [  T123] sysrq: Loglevel set to 9\r', 'T123'],
  ['kern  :warn  : [   12.345678] [      T0] sysrq: Loglevel set to 9', 'T0'],
  ['Nov 26 19:49:05 host kernel: [   12.345678] sysrq: Loglevel set to 9', null],
  ['<14>Nov  6 19:49:05 host kernel: sysrq: Loglevel set to 9', null],
  ['2026-11-26T19:49:05.123456+01:00 host kernel: sysrq: Loglevel set to 9', null],
  ['[Thu Nov 26 19:49:05 2026] sysrq: Loglevel set to 9', null],
  ['<4>[\t68764.975944]sysrq: Loglevel set to 9', null],
])('%j: the message and who spoke', (line, caller) => {
  expect(readLogLines(line)).toMatchObject([{ text: 'sysrq: Loglevel set to 9', caller }]);
});

test('blanks that belong to the message stay', () => {
  expect(texts('[   12.345678]  <TASK>')).toEqual([' <TASK>']);
  expect(texts(' <TASK>')).toEqual([' <TASK>']);
});

test('a timestamp in the middle begins another line', () => {
  expect(readLogLines('login: [    1.000000][   T12] BUG: one[    1.000001][    C0] BUG: two')).toEqual([
    { text: 'login: ', caller: null, stamped: false },
    { text: 'BUG: one', caller: 'T12', stamped: true, time: '[    1.000000][   T12] ' },
    { text: 'BUG: two', caller: 'C0', stamped: true, time: '[    1.000001][    C0] ' },
  ]);
});

test('what only looks like a prefix is text', () => {
  for (const text of [
    '[ INFO: possible recursive locking detected ]',
    '[<ffffffff81000000>] foo+0x1/0x2',
    '',
  ])
    expect(readLogLines(text)).toEqual([{ text, caller: null, stamped: false }]);
});

test.each([
  ['[   12.345678] a', 12.345678],
  ['<6>[\t68764.975944][    C0] a', 68764.975944],
  ['[Thu Nov 26 19:49:05 2026] a', null],
  ['a', null],
])('%j: seconds since boot', (line, seconds) => {
  expect(readLogLines(line).map((one) => secondsOf(one))).toEqual([seconds]);
});
