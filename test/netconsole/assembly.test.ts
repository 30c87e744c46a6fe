import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Assembly } from '../../harness/netconsole/assembly.ts';
import { parseDatagram } from '../../harness/netconsole/datagram.ts';
import { bytesOf } from './sender.ts';

function datagram(text: string) {
  const parsed = parseDatagram(bytesOf(text));
  if (parsed.kind !== 'extended') throw new Error(`not extended: ${text}`);
  return parsed;
}

const part = (offset: number, body: string, total = 10) =>
  datagram(`6,1,2,-,ncfrag=${offset}/${total};${body}`);

/** Offers `parts` after the first; returns the assembly and each answer. */
function assemble(first: ReturnType<typeof part>, ...parts: ReturnType<typeof part>[]) {
  const assembly = new Assembly(first, 100);
  return { assembly, offered: parts.map((it, at) => assembly.offer(it, 101 + at)) };
}

describe('putting fragments together', () => {
  test('takes them in any order', () => {
    const { assembly, offered } = assemble(part(6, 'ghij'), part(0, 'abc'), part(3, 'def'));
    expect(offered).toEqual(['taken', 'taken']);
    expect(assembly).toMatchObject({ whole: true, fragments: 3, firstMs: 100, lastMs: 102 });
    expect(assembly.bytes()).toBe('abcdefghij');
    expect(assembly.missing()).toEqual([]);
  });

  test('names the bytes that are missing before, between and after', () => {
    const { assembly } = assemble(part(2, 'cd'), part(6, 'gh'));
    expect(assembly.whole).toBe(false);
    expect(assembly.missing()).toEqual([
      { start: 0, end: 2 },
      { start: 4, end: 6 },
      { start: 8, end: 10 },
    ]);
    expect(assembly.pieces).toEqual([
      { offset: 2, bytes: 'cd' },
      { offset: 6, bytes: 'gh' },
    ]);
  });

  test('knows a fragment that brings nothing new, and does not count it', () => {
    const { assembly, offered } = assemble(part(0, 'abcd'), part(0, 'abcd'), part(1, 'bc'));
    expect(offered).toEqual(['duplicate', 'duplicate']);
    expect(assembly).toMatchObject({ fragments: 1, lastMs: 100 });
  });

  test('accepts an overlap of the same bytes', () => {
    const { assembly, offered } = assemble(part(0, 'abc'), part(5, 'fg'), part(2, 'cdefgh'), part(7, 'hij'));
    expect(offered).toEqual(['taken', 'taken', 'taken']);
    expect(assembly.bytes()).toBe('abcdefghij');
  });

  test.each([
    ['bytes differ', part(2, 'Xdef')],
    ['bytes differ', part(0, 'abcdefgXij')],
    ['total differs', part(4, 'efgh', 11)],
    ['header differs', datagram('6,1,3,-,ncfrag=4/10;efgh')],
    ['header differs', datagram('6,1,2,-,caller=T1,ncfrag=4/10;efgh')],
    ['total differs', datagram('6,1,2,-;abc')],
  ])('refuses a fragment whose %s', (why, other) => {
    const { assembly, offered } = assemble(part(0, 'abc'), part(7, 'hij'), other);
    expect(offered).toEqual(['taken', why]);
    expect(assembly.missing()).toEqual([{ start: 3, end: 7 }]);
    expect(assembly.offer(part(3, 'defg'), 200)).toBe('taken');
    expect(assembly.bytes()).toBe('abcdefghij');
  });

  test('compares a record in one datagram with the same in fragments', () => {
    const { assembly, offered } = assemble(datagram('6,1,2,-;abcdefghij'), part(3, 'def'), part(3, 'dXf'));
    expect(assembly.whole).toBe(true);
    expect(offered).toEqual(['duplicate', 'bytes differ']);
  });

  test('holds a record without any bytes', () => {
    const { assembly, offered } = assemble(datagram('6,1,2,-;'), datagram('6,1,2,-;'));
    expect(assembly).toMatchObject({ whole: true, total: 0 });
    expect(offered).toEqual(['duplicate']);
  });

  test('agrees with a byte-by-byte model, whatever overlaps', () => {
    const text = 'abcdefghijklmnopqrst';
    const cut = fc
      .tuple(fc.nat(text.length - 1), fc.integer({ min: 1, max: 8 }), fc.boolean())
      .map(([start, length, wrong]) => ({ start, end: Math.min(text.length, start + length), wrong }));
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 12 }), (cuts) => {
        const model: (string | undefined)[] = Array.from({ length: text.length });
        let assembly: Assembly | undefined;
        for (const { start, end, wrong } of cuts) {
          const bytes = wrong ? text.slice(start, end).toUpperCase() : text.slice(start, end);
          const known = model.slice(start, end);
          const conflict = known.some((byte, at) => byte !== undefined && byte !== bytes[at]);
          const nothingNew = known.every((byte) => byte !== undefined);
          const expected = conflict ? 'bytes differ' : nothingNew ? 'duplicate' : 'taken';
          const fragment = part(start, bytes, text.length);
          const offered = assembly ? assembly.offer(fragment, 0) : 'taken';
          assembly ??= new Assembly(fragment, 0);
          expect(offered).toBe(expected);
          if (expected === 'taken') model.splice(start, end - start, ...Array.from(bytes));
        }
        expect(assembly?.bytes()).toBe(model.join(''));
        expect(assembly?.whole).toBe(model.every((byte) => byte !== undefined));
        const missing = assembly?.missing().flatMap(({ start, end }) => range(start, end));
        expect(missing).toEqual(range(0, text.length).filter((at) => model[at] === undefined));
      }),
      { numRuns: 300 },
    );
  });
});

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, at) => start + at);
}
