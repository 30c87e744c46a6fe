import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { toByteString } from '../../harness/printk/byte-string.ts';
import { decodeEscapes, splitBody } from '../../harness/netconsole/escape.ts';
import { escaped } from './sender.ts';

describe('decoding escapes', () => {
  test.each([
    ['a\\x0ab', 'a\nb'],
    ['\\x5c', '\\'],
    ['\\x5cx41', '\\x41'],
    ['\\xc3\\xa9', '\u00c3\u00a9'],
    ['plain', 'plain'],
    ['', ''],
  ])('turns %j into %j', (from, to) => {
    expect(decodeEscapes(from)).toEqual({ text: to, cut: false });
  });

  test.each(['end\\', 'end\\x', 'end\\x1', 'end\\xZ', 'end\\x1Z', 'end\\x0A', '\\y'])(
    'keeps the cut escape of %j and says so',
    (from) => {
      expect(decodeEscapes(from)).toEqual({ text: from, cut: true });
    },
  );

  test('decodes what comes before a cut escape', () => {
    expect(decodeEscapes('a\\x09b\\x')).toEqual({ text: 'a\tb\\x', cut: true });
  });

  test('undoes the kernel for every byte', () => {
    fc.assert(
      fc.property(fc.uint8Array().map(toByteString), (text) => {
        expect(decodeEscapes(escaped(text))).toEqual({ text, cut: false });
      }),
    );
  });

  test('knows every cut but the one that leaves no trace', () => {
    fc.assert(
      fc.property(fc.uint8Array().map(toByteString), fc.integer({ min: 1, max: 3 }), (text, left) => {
        const broken = `${escaped(text)}\\x00`.slice(0, left - 4);
        expect(decodeEscapes(broken)).toEqual({ text: `${text}${'\\x00'.slice(0, left)}`, cut: true });
      }),
    );
  });
});

describe('splitting a body', () => {
  test('ends the message at the first newline', () => {
    expect(splitBody('two\\x0alines\n')).toEqual({ text: 'two\\x0alines', dictionary: [], whole: true });
  });

  test('reads device, userdata and sysdata lines', () => {
    const body = 'link up\n SUBSYSTEM=net\n DEVICE=n2\n empty=\n a=b=c\n cpu=1\n';
    expect(splitBody(body)).toEqual({
      text: 'link up',
      dictionary: [
        ['SUBSYSTEM', 'net'],
        ['DEVICE', 'n2'],
        ['empty', ''],
        ['a', 'b=c'],
        ['cpu', '1'],
      ],
      whole: true,
    });
  });

  test('takes a line without a key as the rest of the value before it', () => {
    expect(splitBody('x\n note=one\ntwo\n three\n cpu=0\n').dictionary).toEqual([
      ['note', 'one\ntwo\n three'],
      ['cpu', '0'],
    ]);
  });

  test('keeps a first line that is no entry', () => {
    expect(splitBody('x\nstray\n').dictionary).toEqual([['', 'stray']]);
  });

  test('says when the last newline is missing', () => {
    expect(splitBody('cut off')).toEqual({ text: 'cut off', dictionary: [], whole: false });
    expect(splitBody('x\n cpu=1')).toEqual({ text: 'x', dictionary: [['cpu', '1']], whole: false });
    expect(splitBody('')).toEqual({ text: '', dictionary: [], whole: false });
  });

  test('takes the NUL of a full datagram for its newline', () => {
    expect(splitBody('x\0')).toEqual({ text: 'x', dictionary: [], whole: true });
  });
});
