import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columns, cut, wrap } from '../../harness/report/layout.ts';
import { safe } from '../../harness/printk/safe.ts';
import { hostileText } from '../report/build.ts';

describe('safe text', () => {
  test.each([
    ['an escape sequence', '\u001b[2Jgone', String.raw`\x1b[2Jgone`],
    ['a C1 control', '\u009b31m', String.raw`\x9b31m`],
    ['a newline and a delete', 'a\nb\u007f', String.raw`a\x0ab\x7f`],
    ['a bidi override', 'txt.\u202egpj', String.raw`txt.\u{202e}gpj`],
    ['a bidi isolate', '\u2066x\u2069', String.raw`\u{2066}x\u{2069}`],
    ['a line separator', '\u2028', String.raw`\u{2028}`],
    ['half of a surrogate pair', 'a\ud800b', String.raw`a\u{d800}b`],
    ['a noncharacter', '\ufffe', String.raw`\u{fffe}`],
    ['an invisible tag', '\u{e0041}', String.raw`\u{e0041}`],
  ])('shows %s as an escape', (_, text, shown) => {
    expect(safe(text)).toBe(shown);
  });

  test('leaves plain text of any language alone', () => {
    const text = 'RIP: 0010:start_xmit+0x0/0x5a0 [virtio_net] – größer, 漢字, 💥';
    expect(safe(text)).toBe(text);
  });

  test('never lets anything through that a terminal may obey', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(safe(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
        // A lone surrogate would not survive UTF-8.
        expect(Buffer.from(safe(text)).toString()).toBe(safe(text));
      }),
    );
  });
});

describe('layout', () => {
  test.each([
    ['lost 59/59', 10],
    ['✓ complete', 10],
    ['12–40 · …', 9],
    ['漢字', 4],
    ['💥', 2],
  ])('counts the columns of %s', (text, width) => {
    expect(columns(text)).toBe(width);
  });

  test('cuts with an ellipsis and not through a wide character', () => {
    expect([cut('sysrq-c', 7), cut('sysrq-c', 5), cut('漢字漢', 4)]).toEqual(['sysrq-c', 'sysr…', '漢…']);
  });

  test('wraps at spaces and indents the rest below the first line', () => {
    expect(wrap('the wire lost 13 records', 12, '✗ ')).toEqual(['✗ the wire', '  lost 13', '  records']);
  });

  test('breaks a word that is longer than a line', () => {
    expect(wrap('a abcdefgh b', 5)).toEqual(['a', 'abcde', 'fgh b']);
  });

  test('keeps a blank that is no space', () => {
    expect(wrap('\u3000', 4)).toEqual(['\u3000']);
  });

  test('wraps without losing a character and without a line that is too wide', () => {
    fc.assert(
      fc.property(hostileText.map(safe), fc.integer({ min: 4, max: 40 }), (text, width) => {
        const lines = wrap(text, width);
        expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});
