import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { NetconsoleEvent } from '../../harness/netconsole/event.ts';
import { toByteString } from '../../harness/printk/byte-string.ts';
import { buildLedger } from '../../harness/netconsole/ledger.ts';
import { NetconsoleReceiver } from '../../harness/netconsole/receiver.ts';
import { bodyOf, record, sent, type SentRecord } from './sender.ts';

const WINDOW = 6;

interface Sent {
  record: SentRecord;
  payload: Uint8Array;
}

const texts = fc.array(fc.uint8Array({ maxLength: 30 }).map(toByteString), { minLength: 3, maxLength: 30 });

/** The datagrams of consecutive records, as a kernel sends them. */
const streams = fc
  .tuple(texts, fc.constantFrom(0, 1, 5000), fc.integer({ min: 3, max: 40 }))
  .map(([all, first, size]) =>
    all.flatMap((text, at): Sent[] => {
      const it = record(first + at, text);
      return sent(it, size).map((payload) => ({ record: it, payload }));
    }),
  );

/** Each datagram falls back by less than the window of sequence numbers, and may come twice. */
const disturbed = streams.chain((stream) =>
  fc
    .array(fc.tuple(fc.double({ min: 0, max: WINDOW - 1.01, noNaN: true }), fc.boolean()), {
      minLength: stream.length,
      maxLength: stream.length,
    })
    .map((fates) => {
      const doubled = stream.flatMap((it, at) => {
        const [behind, twice] = fates[at] ?? [0, false];
        const one = { ...it, key: it.record.sequence + behind };
        return twice ? [one, { ...one, key: it.record.sequence + behind / 2 }] : [one];
      });
      return { stream, arriving: doubled.sort((a, b) => a.key - b.key) };
    }),
);

function hear(arriving: readonly Sent[]): NetconsoleEvent[] {
  const receiver = new NetconsoleReceiver({ reorderWindow: WINDOW, patienceMs: 1000 });
  const events = arriving.flatMap(({ payload }, at) => receiver.receive(payload, at % 1000));
  return [...events, ...receiver.finish()];
}

const recordsOf = (events: readonly NetconsoleEvent[]) =>
  events.flatMap((event) => (event.kind === 'record' ? [[event.record.sequence, event.record.text]] : []));

const recordsSent = (stream: readonly Sent[]) =>
  [...new Set(stream.map((it) => it.record))].map(({ sequence, text }) => [sequence, text]);

/** Sequence numbers that an event says are lost, whole or in part. */
function lost(event: NetconsoleEvent): number[] {
  if (event.kind === 'fragment-lost') return [event.sequence];
  if (event.kind !== 'gap') return [];
  return Array.from({ length: event.to - event.from + 1 }, (_, at) => event.from + at);
}

describe('a stream that is reordered within the window, doubled and fragmented', () => {
  test('gives the same records in the same order, and duplicates beside them', () => {
    fc.assert(
      fc.property(disturbed, ({ stream, arriving }) => {
        const events = hear(arriving);
        expect(recordsOf(events)).toEqual(recordsSent(stream));
        const others = events.filter(({ kind }) => kind !== 'record');
        expect(others.map(({ kind }) => kind)).toEqual(
          Array(arriving.length - stream.length).fill('duplicate'),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('has any one dropped datagram named, and every other record delivered', () => {
    fc.assert(
      fc.property(disturbed, fc.nat(), ({ stream, arriving }, pick) => {
        // No number tells that the whole of the first or the last record is missing.
        const ends = new Set([stream[0], stream.at(-1)].map((it) => it?.record.sequence));
        const droppable = stream.filter(
          (it) => !ends.has(it.record.sequence) || bodyOf(it.record).length > it.payload.length,
        );
        fc.pre(droppable.length > 0);
        const dropped = droppable[pick % droppable.length];
        const events = hear(arriving.filter(({ payload }) => payload !== dropped?.payload));
        expect(events.flatMap(lost)).toEqual([dropped?.record.sequence]);
        expect(recordsOf(events)).toEqual(
          recordsSent(stream).filter(([it]) => it !== dropped?.record.sequence),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('makes a ledger in which each record is whole and nothing is torn', () => {
    fc.assert(
      fc.property(disturbed, ({ stream, arriving }) => {
        const ledger = buildLedger(arriving.map(({ payload }, atMs) => ({ payload, atMs })));
        const found = [...ledger.records].map(([sequence, copies]) => [sequence, copies[0]?.text]);
        expect(found.sort(([a], [b]) => Number(a) - Number(b))).toEqual(recordsSent(stream));
        expect(ledger.torn).toEqual([]);
        const all = [...[...ledger.records.values()].flat(), ...ledger.repeated];
        expect(all.reduce((sum, it) => sum + it.fragments, 0)).toBe(arriving.length);
      }),
      { numRuns: 200 },
    );
  });
});
