import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { stripPrefix } from '../../harness/oops/prefix.ts';

test.each([
  ['<6>[   12.345678] sysrq: Loglevel set to 9', 'sysrq: Loglevel set to 9'],
  ['[   12.345678] sysrq: Loglevel set to 9', 'sysrq: Loglevel set to 9'],
  ['[   12.345678][  T123] sysrq: Loglevel set to 9', 'sysrq: Loglevel set to 9'],
  ['[   12.345678] [    C0] looks like a caller', '[    C0] looks like a caller'],
  ['[    C0] no timestamps', 'no timestamps'],
  ['<4>only a level', 'only a level'],
  ['[12345.678901]  <TASK>\r', ' <TASK>'],
  ['[    1.000000] \tn-....: a tab stays', '\tn-....: a tab stays'],
  ['[    1.000000] ', ''],
  [' <TASK>', ' <TASK>'],
  ['[ INFO: possible recursive locking detected ]', '[ INFO: possible recursive locking detected ]'],
  ['', ''],
])('%j is stripped to %j', (line, text) => {
  expect(stripPrefix(line)).toBe(text);
});

test('whatever text a timestamp and a caller stand before comes back as it is', () => {
  const micros = fc.integer({ min: 0, max: 999_999 }).map((value) => String(value).padStart(6, '0'));
  const caller = fc.constantFrom('', '[    C0]', '[  T123]', '[T4194304]');
  const level = fc.constantFrom('', '<0>', '<14>');
  fc.assert(
    fc.property(level, fc.nat(), micros, caller, fc.string(), (before, seconds, fraction, who, text) => {
      fc.pre(!text.endsWith('\r'));
      const timestamp = `[${String(seconds).padStart(5)}.${fraction}]`;
      expect(stripPrefix(`${before}${timestamp}${who} ${text}`)).toBe(text);
    }),
  );
});
