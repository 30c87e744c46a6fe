import { describe, expect, test } from 'vitest';

import { basicLines } from '../../harness/netconsole/basic.ts';
import { buildLedger } from '../../harness/netconsole/ledger.ts';
import { bytesOf, fragment, record, sent, whole } from './sender.ts';

const LONG = record(3, 'a long record');

/** Each payload arrives 10 ms after the one before. */
const ledgerOf = (...payloads: Uint8Array[]) =>
  buildLedger(payloads.map((payload, at) => ({ payload, atMs: at * 10 })));

describe('a ledger', () => {
  test('holds every record and the order in which they were complete', () => {
    const [first, second, third] = sent(LONG, 5);
    const ledger = ledgerOf(
      first ?? new Uint8Array(),
      whole(record(4)),
      second ?? new Uint8Array(),
      third ?? new Uint8Array(),
      whole(record(9)),
    );
    expect(ledger.order).toEqual([4, 3, 9]);
    expect(ledger.records.get(3)).toMatchObject([
      { text: 'a long record', firstMs: 0, lastMs: 30, fragments: 3, cutEscape: false },
    ]);
    expect(ledger).toMatchObject({ torn: [], repeated: [], basic: [], basicText: '', malformed: [] });
  });

  test('holds a record twice that came twice, with the same bytes or with others', () => {
    const ledger = ledgerOf(whole(record(1)), whole(record(2)), whole(record(1)), whole(record(2, 'other')));
    expect(ledger.order).toEqual([1, 2, 1, 2]);
    expect(ledger.records.get(1)?.map(({ text }) => text)).toEqual(['record 1', 'record 1']);
    expect(ledger.records.get(2)?.map(({ text }) => text)).toEqual(['record 2', 'other']);
  });

  test('makes two copies of fragments that all came twice', () => {
    const ledger = ledgerOf(...sent(LONG, 5).flatMap((it) => [it, it]));
    expect(ledger.records.get(3)).toMatchObject([{ fragments: 3 }, { fragments: 3 }]);
    expect(ledger.torn).toEqual([]);
  });

  test('names the bytes that a torn record lacks', () => {
    const ledger = ledgerOf(fragment(LONG, 9, 14), fragment(LONG, 2, 6), fragment(record(2, 'xyz'), 0, 1));
    expect(ledger.torn).toEqual([
      { sequence: 2, total: 4, fragments: 1, missing: [{ start: 1, end: 4 }] },
      {
        sequence: 3,
        total: 14,
        fragments: 2,
        missing: [
          { start: 0, end: 2 },
          { start: 6, end: 9 },
        ],
      },
    ]);
    expect(ledger.records.size).toBe(0);
  });

  test('sets a stray fragment of a whole record aside when it only repeats', () => {
    const ledger = ledgerOf(...sent(LONG, 5), fragment(LONG, 0, 5));
    expect(ledger).toMatchObject({
      order: [3],
      torn: [],
      repeated: [{ sequence: 3, fragments: 1, atMs: 30 }],
    });
  });

  test('calls a stray fragment torn when it contradicts the whole record', () => {
    const ledger = ledgerOf(whole(LONG), bytesOf('6,3,1000030,-,ncfrag=0/14;X'));
    expect(ledger).toMatchObject({ order: [3], torn: [{ sequence: 3, missing: [{ start: 1, end: 14 }] }] });
  });

  test('keeps a bounded number of unfinished copies, and loses none', () => {
    const payloads = Array.from({ length: 100 }, (_, at) => bytesOf(`6,1,${at},-,ncfrag=0/2;x`));
    expect(ledgerOf(...payloads).torn).toHaveLength(100);
    const rest = bytesOf('6,1,0,-,ncfrag=1/2;\n');
    expect(ledgerOf(...payloads.slice(0, 16), rest)).toMatchObject({ order: [1] });
    expect(ledgerOf(...payloads.slice(0, 17), rest)).toMatchObject({ order: [] });
  });

  test('keeps malformed datagrams with their reason', () => {
    expect(ledgerOf(bytesOf('6,1,2,-,ncfrag=0/0;x')).malformed).toEqual([
      { reason: 'the total of ncfrag is 0', text: '6,1,2,-,ncfrag=0/0;x', atMs: 0 },
    ]);
  });

  test('keeps basic text whole and divides it into lines', () => {
    const long = `[    1.0] ${'x'.repeat(1500)}\n`;
    const ledger = ledgerOf(
      bytesOf(long.slice(0, 1000)),
      whole(record(1)),
      bytesOf(long.slice(1000)),
      bytesOf('one\n\ntwo\nopen'),
    );
    expect(ledger.basicText).toBe(`${long}one\n\ntwo\nopen`);
    expect(ledger.basic).toEqual([
      { text: long.trimEnd(), atMs: 20 },
      { text: 'one', atMs: 30 },
      { text: '', atMs: 30 },
      { text: 'two', atMs: 30 },
      { text: 'open', atMs: 30 },
    ]);
  });
});

test('no basic text has no lines', () => {
  expect(basicLines([])).toEqual([]);
  expect(basicLines([{ text: '\n', atMs: 1 }])).toEqual([{ text: '', atMs: 1 }]);
});
