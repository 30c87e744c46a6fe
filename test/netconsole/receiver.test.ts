import { describe, expect, test } from 'vitest';

import type { ReceiverBounds } from '../../harness/netconsole/bounds.ts';
import { NetconsoleReceiver } from '../../harness/netconsole/receiver.ts';
import { brief } from './brief.ts';
import { bytesOf, fragment, record, sent, whole } from './sender.ts';

const LONG = record(3, 'a long record');

/** A receiver that has delivered the records 0, 1 and 2. */
function started(bounds: Partial<ReceiverBounds> = {}) {
  const receiver = new NetconsoleReceiver({ reorderWindow: 8, patienceMs: 100, ...bounds });
  const hear = (payload: Uint8Array, nowMs = 0) => receiver.receive(payload, nowMs).map(brief);
  for (const sequence of [0, 1, 2]) hear(whole(record(sequence)));
  return {
    receiver,
    hear,
    hearAll: (sequences: number[], nowMs = 0) =>
      sequences.flatMap((sequence) => hear(whole(record(sequence)), nowMs)),
    advance: (nowMs: number) => receiver.advance(nowMs).map(brief),
    finish: () => receiver.finish().map(brief),
  };
}

describe('records', () => {
  test('are delivered at once while they come in order', () => {
    const { hearAll } = started();
    expect(hearAll([3, 4, 5])).toEqual(['record 3', 'record 4', 'record 5']);
  });

  test('tell what was sent and when it came', () => {
    const { receiver } = started();
    const { length } = 'm\\xc3\\xa9\n SUBSYSTEM=net\n DEVICE=+usb:1\\x5c\n note=\\x41\n';
    const full = {
      sequence: 3,
      timestampUs: 7,
      text: 'm\u00c3\u00a9',
      prefix: 30,
      release: '7.3.4,',
      fields: ',caller=C1,x=y',
      dictionary: ' SUBSYSTEM=net\n DEVICE=+usb:1\\x5c\n note=\\x41\n',
    };
    receiver.receive(fragment(full, 5, length), 10);
    expect(receiver.receive(fragment(full, 0, 5), 12)).toEqual([
      {
        kind: 'record',
        atMs: 12,
        record: {
          sequence: 3,
          facility: 3,
          level: 6,
          timestampUs: 7,
          continuation: false,
          text: 'm\u00c3\u00a9',
          dictionary: [
            ['SUBSYSTEM', 'net'],
            ['DEVICE', '+usb:1\\'],
            ['note', '\\x41'],
          ],
          caller: 'C1',
          release: '7.3.4',
          fields: [['x', 'y']],
          firstMs: 10,
          lastMs: 12,
          fragments: 2,
          cutEscape: false,
          terminated: true,
        },
      },
    ]);
  });

  test('that the kernel’s buffer cut say so', () => {
    const { receiver } = started();
    expect(receiver.receive(bytesOf('6,3,4,-;end\\xZ'), 0)).toMatchObject([
      { kind: 'record', record: { text: 'end\\xZ', cutEscape: true, terminated: false } },
    ]);
  });

  test('wait for one that is late, and come in order', () => {
    const { hearAll } = started();
    expect(hearAll([5, 4])).toEqual([]);
    expect(hearAll([3])).toEqual(['record 3', 'record 4', 'record 5']);
  });

  test('wait at the beginning until the lowest is sure', () => {
    const receiver = new NetconsoleReceiver({ reorderWindow: 8, patienceMs: 100 });
    expect(receiver.receive(whole(record(51)), 0)).toEqual([]);
    expect(receiver.receive(whole(record(50)), 99)).toEqual([]);
    expect(receiver.advance(100).map(brief)).toEqual(['record 50', 'record 51']);
  });

  test('begin when the window is full, without patience', () => {
    const receiver = new NetconsoleReceiver({ reorderWindow: 2, patienceMs: 100 });
    expect([51, 50, 52].flatMap((it) => receiver.receive(whole(record(it)), 0)).map(brief)).toEqual([
      'record 50',
      'record 51',
      'record 52',
    ]);
  });
});

describe('a missing sequence number', () => {
  test('is lost once the window has passed it', () => {
    const { hearAll } = started();
    expect(hearAll([4, 5, 6, 7, 8, 9, 10])).toEqual([]);
    expect(hearAll([11])).toEqual([
      'gap 3-3 window',
      ...[4, 5, 6, 7, 8, 9, 10, 11].map((it) => `record ${it}`),
    ]);
  });

  test('is lost after the patience, counted from the first record behind it', () => {
    const { hearAll, advance } = started();
    hearAll([5], 1000);
    hearAll([6], 1050);
    expect(advance(1099)).toEqual([]);
    expect(advance(1100)).toEqual(['gap 3-4 patience', 'record 5', 'record 6']);
  });

  test('has a patience of its own behind another', () => {
    const { hearAll, advance } = started();
    hearAll([4], 1000);
    hearAll([6], 1060);
    expect(advance(1100)).toEqual(['gap 3-3 patience', 'record 4']);
    expect(advance(1159)).toEqual([]);
    expect(advance(1160)).toEqual(['gap 5-5 patience', 'record 6']);
  });

  test('is lost at the end', () => {
    const { hearAll, finish } = started();
    hearAll([4, 7]);
    expect(finish()).toEqual(['gap 3-3 end', 'record 4', 'gap 5-6 end', 'record 7']);
    expect(finish()).toEqual([]);
  });

  test('is told together with its neighbours, however the window passes them', () => {
    const { hearAll } = started();
    expect(hearAll([6, 7, 11, 12])).toEqual([]);
    expect(hearAll([13])).toEqual(['gap 3-5 window', 'record 6', 'record 7']);
  });

  test('can still come while the window has not passed it', () => {
    const { hearAll } = started();
    expect(hearAll([6, 11, 4, 5])).toEqual(['gap 3-3 window', 'record 4', 'record 5', 'record 6']);
  });

  test('that comes after all is late', () => {
    const { hearAll, advance } = started();
    hearAll([4]);
    advance(100);
    expect(hearAll([3], 101)).toEqual(['late 3']);
    expect(hearAll([5], 102)).toEqual(['record 5']);
  });

  test('costs no time, however far the sequence jumps', () => {
    const { hearAll, advance } = started();
    expect(hearAll([2 ** 49])).toEqual([]);
    expect(advance(100)).toEqual([`gap 3-${2 ** 49 - 1} window`, `record ${2 ** 49}`]);
  });
});

describe('the same sequence number again', () => {
  test('is a duplicate when the bytes are the same', () => {
    const { hearAll } = started();
    expect(hearAll([1, 2, 4, 4])).toEqual(['duplicate 1', 'duplicate 2', 'duplicate 4']);
  });

  test('is a conflict when they differ, and the first stands', () => {
    const { hear, hearAll } = started();
    expect(hear(whole(record(1, 'record X')))).toEqual(['conflict 1 bytes differ']);
    expect(hear(whole(record(1, 'longer than that')))).toEqual(['conflict 1 total differs']);
    expect(hear(whole({ ...record(1), prefix: 4 }))).toEqual(['conflict 1 header differs']);
    hear(whole(record(4)));
    expect(hear(whole(record(4, 'record X')))).toEqual(['conflict 4 bytes differ']);
    expect(hearAll([1, 3])).toEqual(['duplicate 1', 'record 3', 'record 4']);
  });

  test('is a duplicate in other fragments too', () => {
    const { hear } = started();
    expect(sent(record(1), 4).flatMap((it) => hear(it))).toEqual(Array(3).fill('duplicate 1'));
  });

  test('is only late when the record is no longer remembered', () => {
    const { hearAll } = started({ reorderWindow: 2 });
    expect(hearAll([3, 1, 4])).toEqual(['record 3', 'late 1', 'record 4']);
  });
});

describe('fragments', () => {
  test('that come doubled and out of order make one record', () => {
    const { hear } = started();
    const [first, second, third] = sent(LONG, 5);
    expect([third, first, first, third].flatMap((it) => hear(it ?? new Uint8Array()))).toEqual([
      'duplicate 3',
      'duplicate 3',
    ]);
    expect(hear(second ?? new Uint8Array())).toEqual(['record 3']);
  });

  test('that never come are named with their bytes after the patience', () => {
    const { receiver } = started();
    receiver.receive(fragment(LONG, 2, 6), 1000);
    receiver.receive(fragment(LONG, 9, 14), 1050);
    expect(receiver.advance(1149)).toEqual([]);
    expect(receiver.advance(1150)).toEqual([
      {
        kind: 'fragment-lost',
        sequence: 3,
        total: 14,
        missing: [
          { start: 0, end: 2 },
          { start: 6, end: 9 },
        ],
        pieces: [
          { offset: 2, bytes: 'long' },
          { offset: 9, bytes: 'cord\n' },
        ],
        fragments: 2,
        firstMs: 1000,
        lastMs: 1050,
        because: 'patience',
        atMs: 1150,
      },
    ]);
  });

  test('that contradict each other are a conflict, and the first stands', () => {
    const { hear } = started();
    hear(fragment(LONG, 0, 6));
    expect(hear(bytesOf('6,3,1000030,-,ncfrag=4/14;XX'))).toEqual(['conflict 3 bytes differ']);
    expect(hear(bytesOf('6,3,1000030,-,ncfrag=6/15;XX'))).toEqual(['conflict 3 total differs']);
    expect(hear(fragment(LONG, 4, 14))).toEqual(['record 3']);
  });

  test('hold back what comes behind them no longer than the window', () => {
    const { hear, hearAll } = started();
    hear(fragment(LONG, 0, 6));
    expect(hearAll([4, 5, 6, 7, 8, 9, 10])).toEqual([]);
    expect(hearAll([11]).slice(0, 2)).toEqual(['fragment-lost 3 6-14 window', 'record 4']);
  });

  test('are late after they were given up', () => {
    const { hear, finish } = started();
    hear(fragment(LONG, 0, 6));
    expect(finish()).toEqual(['fragment-lost 3 6-14 end']);
    expect(hear(fragment(LONG, 6, 14))).toEqual(['late 3']);
  });
});

test('basic and malformed datagrams are told at once, whatever waits', () => {
  const { hear } = started();
  hear(whole(record(5)));
  expect(hear(bytesOf('[    1.0] half a li'))).toEqual(['basic [    1.0] half a li']);
  expect(hear(bytesOf('6,9,9,-,ncfrag=1/1;x'))).toEqual(['malformed 6,9,9,-,ncfrag=1/1;x']);
});

test('a clock that goes back is taken for one that stands', () => {
  const { receiver } = started();
  receiver.receive(whole(record(4)), 1000);
  expect(receiver.advance(0)).toEqual([]);
  expect(receiver.receive(whole(record(3)), 500)).toMatchObject([{ atMs: 1000 }, { atMs: 1000 }]);
});
