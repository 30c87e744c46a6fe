import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseDatagram } from '../../harness/netconsole/datagram.ts';
import type { NetconsoleEvent } from '../../harness/netconsole/event.ts';
import { NetconsoleReceiver } from '../../harness/netconsole/receiver.ts';
import { buildLedger } from '../../harness/netconsole/ledger.ts';
import { bytesOf, record, whole } from './sender.ts';

const BOUNDS = { reorderWindow: 16, patienceMs: 100, maxPendingBytes: 4000, maxRememberedBytes: 3000 };
/** One datagram may come on top before the oldest is given up. */
const MOST = BOUNDS.maxPendingBytes + BOUNDS.maxRememberedBytes;

describe('a receiver short of memory', () => {
  test('gives up the oldest first, and says why', () => {
    const receiver = new NetconsoleReceiver({ ...BOUNDS, patienceMs: 1e9 });
    const hear = (text: string) => receiver.receive(bytesOf(text), 0);
    hear('6,0,1,-;x\n');
    hear(`6,2,2,-,ncfrag=0/2000;${'y'.repeat(1000)}`);
    expect(hear(`6,3,2,-,ncfrag=0/2000;${'y'.repeat(1000)}`)).toEqual([]);
    expect(hear(`6,4,2,-,ncfrag=0/2000;${'y'.repeat(1400)}`)).toMatchObject([
      { kind: 'gap', from: 1, to: 1, because: 'memory' },
      { kind: 'fragment-lost', sequence: 2, missing: [{ start: 1000, end: 2000 }], because: 'memory' },
    ]);
  });

  test('gives up a record that comes in fragments without end', () => {
    const receiver = new NetconsoleReceiver({ ...BOUNDS, patienceMs: 1e9 });
    const events = Array.from({ length: 30 }, (_, at) => `6,1,2,-,ncfrag=${at * 2}/1000;x`).flatMap((it) =>
      receiver.receive(bytesOf(it), 0),
    );
    expect(events[0]).toMatchObject({ kind: 'fragment-lost', sequence: 1, because: 'memory' });
    expect(events.slice(1).every(({ kind }) => kind === 'late')).toBe(true);
  });

  test('begins without waiting for the lowest', () => {
    const receiver = new NetconsoleReceiver({ ...BOUNDS, patienceMs: 1e9 });
    const events = [9, 8].flatMap((it) => receiver.receive(whole(record(it, 'x'.repeat(2000))), 0));
    expect(events).toMatchObject([{ record: { sequence: 8 } }, { record: { sequence: 9 } }]);
  });

  test('refuses a record that claims to be longer than the bound', () => {
    const receiver = new NetconsoleReceiver({ ...BOUNDS, maxRecordBytes: 500 });
    expect(receiver.receive(bytesOf('6,7,2,-,ncfrag=0/501;x'), 3)).toEqual([
      { kind: 'refused', sequence: 7, reason: 'a record of 501 bytes is over the bound of 500', atMs: 3 },
    ]);
    expect(receiver.receive(whole(record(7, 'x'.repeat(500))), 3)).toMatchObject([{ kind: 'refused' }]);
    expect(receiver.heldBytes).toBe(0);
  });

  test('tells a duplicate of what it had to forget as late', () => {
    const receiver = new NetconsoleReceiver(BOUNDS);
    const hear = (sequence: number) => receiver.receive(whole(record(sequence, 'x'.repeat(1000))), 0);
    for (const sequence of [0, 1, 2, 3]) hear(sequence);
    expect([3, 2, 1].flatMap(hear).map(({ kind }) => kind)).toEqual(['duplicate', 'duplicate', 'late']);
  });

  test.each([
    ['endless fragments of one byte', (at: number) => `6,1,2,-,ncfrag=${at * 2}/100000;x`],
    ['a fragment of each record', (at: number) => `6,${at},${at},-,ncfrag=0/1000;${'x'.repeat(99)}`],
    ['records with every other missing', (at: number) => `6,${at * 2},${at},-;${'x'.repeat(at % 500)}`],
    ['headers that are all field', (at: number) => `6,1,2,-,f=${'x'.repeat(900)},ncfrag=${at}/1000;x`],
    ['new boots without end', (at: number) => `6,${at % 2 ? 5 : 500},${at % 2 ? 1 : 1e6},-;x`],
  ])('keeps to its bounds under %s', (_, text) => {
    const receiver = new NetconsoleReceiver(BOUNDS);
    let most = 0;
    for (let at = 0; at < 1000; at += 1) {
      receiver.receive(bytesOf(text(at)), at);
      most = Math.max(most, receiver.heldBytes);
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(MOST);
  });
});

describe('whatever arrives', () => {
  const number = fc.oneof(fc.nat(30), fc.constantFrom(2 ** 31, Number.MAX_SAFE_INTEGER, 2 ** 60));
  const headers = fc
    .tuple(
      number,
      number,
      fc.option(fc.tuple(fc.nat(12), fc.nat(12))),
      fc.stringMatching(/^[a\n\\x0]{0,12}$/),
    )
    .map(([sequence, timestamp, part, body]) =>
      bytesOf(`6,${sequence},${timestamp},-${part ? `,ncfrag=${part[0]}/${part[1]}` : ''};${body}`),
    );
  const payloads = fc.array(fc.oneof({ weight: 4, arbitrary: headers }, fc.uint8Array({ maxLength: 60 })), {
    maxLength: 60,
  });

  test('neither throws nor goes over the bounds, and each datagram is answered for', () => {
    const bounds = { reorderWindow: 6, patienceMs: 10, maxPendingBytes: 1500, maxRememberedBytes: 1000 };
    fc.assert(
      fc.property(payloads, fc.nat(4), (sent, stepMs) => {
        const receiver = new NetconsoleReceiver(bounds);
        const events: NetconsoleEvent[] = [];
        for (const [at, payload] of sent.entries()) {
          events.push(...receiver.receive(payload, at * stepMs));
          expect(receiver.heldBytes).toBeLessThanOrEqual(2500);
        }
        events.push(...receiver.finish());
        expect(events.reduce((sum, event) => sum + datagramsOf(event), 0)).toBe(sent.length);
      }),
      { numRuns: 400 },
    );
  });

  test('makes a ledger without throwing, and each datagram is in it', () => {
    fc.assert(
      fc.property(payloads, (sent) => {
        const ledger = buildLedger(sent.map((payload, atMs) => ({ payload, atMs })));
        const copies = [...ledger.records.values()].flat();
        const kinds = sent.map((payload) => parseDatagram(payload).kind);
        const fragments = [...copies, ...ledger.torn, ...ledger.repeated].map((it) => it.fragments);
        expect(fragments.reduce((sum, it) => sum + it, 0)).toBe(countOf(kinds, 'extended'));
        expect(ledger.malformed).toHaveLength(countOf(kinds, 'malformed'));
        expect(ledger.order).toHaveLength(copies.length);
      }),
      { numRuns: 200 },
    );
  });
});

function countOf(kinds: readonly string[], kind: string): number {
  return kinds.filter((it) => it === kind).length;
}

/** How many datagrams an event accounts for. */
function datagramsOf(event: NetconsoleEvent): number {
  if (event.kind === 'record') return event.record.fragments;
  if (event.kind === 'fragment-lost') return event.fragments;
  return event.kind === 'gap' || event.kind === 'reset' ? 0 : 1;
}
