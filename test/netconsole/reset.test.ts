import { describe, expect, test } from 'vitest';

import { NetconsoleReceiver } from '../../harness/netconsole/receiver.ts';
import { brief } from './brief.ts';
import { record, whole } from './sender.ts';

/** A record of the next boot, whose clock begins anew. */
const anew = (sequence: number) => ({ ...record(sequence), timestampUs: 500 + sequence });

/** A receiver with a window of 8 that has delivered 0 … `last`. */
function after(last: number) {
  const receiver = new NetconsoleReceiver({ reorderWindow: 8, patienceMs: 100 });
  for (let sequence = 0; sequence <= last; sequence += 1) receiver.receive(whole(record(sequence)), 0);
  const hear = (sent: ReturnType<typeof record>, nowMs = 0) =>
    receiver.receive(whole(sent), nowMs).map(brief);
  return { receiver, hear };
}

describe('a new boot', () => {
  test('is told when two records come from far below with a clock that went back', () => {
    const { hear } = after(20);
    expect(hear(anew(0))).toEqual([]);
    expect(hear(anew(1))).toEqual(['reset 20 0', 'record 0', 'record 1']);
    expect(hear(anew(2))).toEqual(['record 2']);
  });

  test('ends the waiting for the old one', () => {
    const { hear } = after(20);
    hear(record(23));
    hear(anew(0));
    expect(hear(anew(1))).toEqual(['gap 21-22 reset', 'record 23', 'reset 23 0', 'record 0', 'record 1']);
  });

  test('is told of one record when nothing contradicts it in time', () => {
    const { hear, receiver } = after(20);
    hear(anew(5), 1000);
    expect(receiver.advance(1099)).toEqual([]);
    expect(receiver.advance(1100).map(brief)).toEqual(['reset 20 5']);
    expect(receiver.advance(1200).map(brief)).toEqual(['record 5']);
  });

  test('is told of one record at the end', () => {
    const { hear, receiver } = after(20);
    hear(anew(5));
    expect(receiver.finish().map(brief)).toEqual(['reset 20 5', 'record 5']);
  });

  test('is told when it numbers again what the short one before it numbered otherwise', () => {
    const { hear } = after(4);
    expect(hear(record(0))).toEqual(['duplicate 0']);
    expect(hear(anew(1))).toEqual([]);
    expect(hear(anew(2), 1)).toEqual(['reset 4 1']);
    expect(hear(anew(3), 101)).toEqual(['record 1', 'record 2', 'record 3']);
  });

  test('is not compared with what the old one said', () => {
    const { hear, receiver } = after(20);
    hear(anew(16));
    expect(hear(anew(17))).toEqual(['reset 20 16']);
    expect(receiver.advance(100).map(brief)).toEqual(['record 16', 'record 17']);
    expect(hear(anew(14), 101)).toEqual(['late 14']);
  });

  test('may be followed by another', () => {
    const { hear } = after(20);
    hear(anew(0));
    hear(anew(1));
    for (let sequence = 2; sequence <= 20; sequence += 1) hear(anew(sequence));
    hear({ ...anew(0), timestampUs: 7 });
    expect(hear({ ...anew(1), timestampUs: 8 })).toEqual(['reset 20 0', 'record 0', 'record 1']);
  });
});

describe('a straggler', () => {
  test('from within the window is no new boot', () => {
    const { hear } = after(20);
    hear(record(22));
    expect(hear(record(21))).toEqual(['record 21', 'record 22']);
  });

  test('from far below is late once the old boot goes on', () => {
    const { hear } = after(20);
    expect(hear(record(3))).toEqual([]);
    expect(hear(record(21))).toEqual(['late 3', 'record 21']);
  });

  test('from far below is late when it comes twice', () => {
    const { hear } = after(20);
    expect(hear(record(3))).toEqual([]);
    expect(hear(record(3))).toEqual(['late 3']);
    expect(hear(record(21))).toEqual(['late 3', 'record 21']);
  });

  test('whose clock did not go back is late at once', () => {
    const { hear } = after(20);
    expect(hear({ ...record(3), timestampUs: record(20).timestampUs })).toEqual(['late 3']);
  });

  test('that contradicts a remembered record with another clock is a conflict once the old boot goes on', () => {
    const { hear } = after(20);
    expect(hear(anew(18))).toEqual([]);
    expect(hear(record(21))).toEqual(['conflict 18 header differs', 'record 21']);
  });
});
