import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datagramsTo, type Fault, type FaultRule, Faults } from '../../harness/wire/faults.ts';
import type { Direction, TimedFrame } from '../../harness/wire/timed-frame.ts';
import { decodeUdp, encodeUdp } from '../../harness/wire/udp.ts';
import { arpRequest, bytesOf, GUEST, HOST, ping } from './requests.ts';

const MS = 1_000_000n;

/** Netconsole's n-th datagram, sent at n milliseconds. */
function record(n: number, options: { port?: number; direction?: Direction } = {}): TimedFrame {
  const bytes = encodeUdp({
    source: { mac: GUEST.mac, address: GUEST.ipv4, port: 6665 },
    destination: { mac: HOST.mac, address: HOST.ipv4, port: options.port ?? 6666 },
    payload: bytesOf(`6,${n},${n},-;record ${n}\n`),
  });
  return { timeNs: BigInt(n) * MS, direction: options.direction ?? 'from guest', bytes };
}

function numberOf({ bytes }: TimedFrame): number {
  const datagram = decodeUdp(bytes);
  if (datagram.kind !== 'udp') throw new Error(`not a datagram: ${datagram.kind}`);
  return Number(Buffer.from(datagram.payload).toString().split(',')[1]);
}

/** What comes out of 1 … count, and what is still held when no more comes. */
function through(rules: readonly FaultRule[], count: number, seed = 1) {
  const faults = new Faults({ seed, rules });
  const out: TimedFrame[] = [];
  for (let n = 1; n <= count; n++) {
    out.push(...faults.release(BigInt(n) * MS), ...faults.take(record(n)));
  }
  const numbers = () => out.map(numberOf);
  return { faults, out, numbers, held: faults.held('from guest', BigInt(count) * MS) };
}

const numbered = (n: number): FaultRule => ({ fault: { kind: 'drop' }, nth: [n] });

describe('a wire with faults', () => {
  test('without rules passes the very same frames on', () => {
    const faults = new Faults({ seed: 1, rules: [] });
    const frame = record(1);
    expect(faults.take(frame)[0]).toBe(frame);
    expect(faults.dueNs).toBeNull();
    expect(faults.count).toBe(0);
  });

  test('drops the n-th frame, and says which it was', () => {
    const { numbers, faults } = through([numbered(3)], 5);
    expect(numbers()).toEqual([1, 2, 4, 5]);
    expect(faults.done).toMatchObject([
      { frame: 3, direction: 'from guest', timeNs: 3n * MS, fault: { kind: 'drop' } },
    ]);
    expect(faults.done[0]?.original).toEqual(record(3).bytes);
  });

  test('counts only the frames that a rule is about', () => {
    const faults = new Faults({
      seed: 1,
      rules: [{ fault: { kind: 'drop' }, among: datagramsTo(6666), nth: [2] }],
    });
    const asked = [arpRequest(), ping()].map((bytes): TimedFrame => ({ ...record(9), bytes }));
    const sent = [record(1), ...asked, record(2, { port: 9 }), record(3), record(4)];
    const out = sent.flatMap((frame) => faults.take(frame));
    expect(out).toEqual(sent.filter((frame) => numberOrNull(frame) !== 3));
    expect(faults.done.map(({ frame }) => frame)).toEqual([5]);
  });

  test('leaves the other direction alone unless told', () => {
    const rules: FaultRule[] = [{ fault: { kind: 'drop' }, direction: 'to guest' }];
    const faults = new Faults({ seed: 1, rules });
    expect(faults.take(record(1))).toHaveLength(1);
    expect(faults.take(record(2, { direction: 'to guest' }))).toEqual([]);
  });

  test('doubles a frame', () => {
    expect(through([{ fault: { kind: 'double' }, nth: [2] }], 3).numbers()).toEqual([1, 2, 2, 3]);
  });

  test('lets a frame be overtaken by as many as it was told', () => {
    expect(through([{ fault: { kind: 'reorder', behind: 2 }, nth: [2] }], 5).numbers()).toEqual([
      1, 3, 4, 2, 5,
    ]);
  });

  test('keeps the order of frames that wait for the same one', () => {
    expect(through([{ fault: { kind: 'reorder', behind: 2 }, nth: [2, 3] }], 5).numbers()).toEqual([
      1, 4, 5, 2, 3,
    ]);
  });

  test('holds a frame that nobody overtakes, and gives it last', () => {
    const { numbers, held } = through([{ fault: { kind: 'reorder', behind: 4 }, nth: [4] }], 5);
    expect(numbers()).toEqual([1, 2, 3, 5]);
    expect(held.map(numberOf)).toEqual([4]);
    expect(held[0]?.timeNs).toBe(5n * MS);
  });

  test('delays a frame by its time, while others pass', () => {
    const { out, held } = through([{ fault: { kind: 'delay', ms: 2.5 }, nth: [2, 5] }], 5);
    expect(out.map((frame) => [numberOf(frame), frame.timeNs])).toEqual(
      [
        [1, 1n * MS],
        [3, 3n * MS],
        [4, 4n * MS],
        [2, 4_500_000n],
        [5, 5n * MS],
      ].filter(([n]) => n !== 5),
    );
    expect(held.map((frame) => [numberOf(frame), frame.timeNs])).toEqual([[5, 7_500_000n]]);
  });

  test('says when the next frame is due, and has it then, not before', () => {
    const faults = new Faults({ seed: 1, rules: [{ fault: { kind: 'delay', ms: 7 } }] });
    expect(faults.take(record(1))).toEqual([]);
    expect(faults.dueNs).toBe(8n * MS);
    expect(faults.release(8n * MS - 1n)).toEqual([]);
    expect(faults.release(8n * MS).map(numberOf)).toEqual([1]);
    expect(faults.dueNs).toBeNull();
  });

  test('flips one bit of the payload, which the checksum tells', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { out } = through([{ fault: { kind: 'corrupt' } }], 1, seed);
        const [frame] = out;
        if (!frame) throw new Error('lost');
        const flipped = frame.bytes.map((byte, at) => byte ^ (record(1).bytes[at] ?? 0)).filter(Boolean);
        expect(flipped).toHaveLength(1);
        expect(Math.log2(flipped[0] ?? 0) % 1).toBe(0);
        expect(decodeUdp(frame.bytes)).toMatchObject({ kind: 'udp', checksum: 'bad' });
      }),
    );
  });

  test('breaks a frame off, which no receiver takes', () => {
    const { out, faults } = through([{ fault: { kind: 'cut', bytes: 50, what: 'frame' } }], 1);
    expect(out[0]?.bytes).toEqual(record(1).bytes.slice(0, 50));
    expect(decodeUdp(out[0]?.bytes ?? new Uint8Array())).toMatchObject({ kind: 'malformed' });
    expect(faults.done[0]?.detail).toBe(`from ${record(1).bytes.length} bytes to 50`);
  });

  test('cuts a datagram, which a receiver takes', () => {
    const cut: FaultRule = { fault: { kind: 'cut', bytes: 7, what: 'datagram' } };
    const { out } = through([cut], 1);
    expect(decodeUdp(out[0]?.bytes ?? new Uint8Array())).toMatchObject({
      kind: 'udp',
      checksum: 'good',
      payload: bytesOf('6,1,1,-'),
    });
  });

  test('does nothing, and says nothing, where there is nothing to cut', () => {
    const { faults } = through([{ fault: { kind: 'cut', bytes: 5000, what: 'frame' } }], 3);
    expect(faults.count).toBe(0);
  });

  test('lets its rules act one after the other', () => {
    const rules: FaultRule[] = [{ fault: { kind: 'double' }, nth: [1] }, { fault: { kind: 'delay', ms: 1 } }];
    expect(through(rules, 2).numbers()).toEqual([1, 1]);
  });

  test('befalls a share of the frames, the same for the same seed', () => {
    const rules: FaultRule[] = [{ fault: { kind: 'drop' }, probability: 0.2 }];
    const one = through(rules, 2000, 42).numbers();
    expect(through(rules, 2000, 42).numbers()).toEqual(one);
    expect(through(rules, 2000, 43).numbers()).not.toEqual(one);
    expect(one.length).toBeGreaterThan(1500);
    expect(one.length).toBeLessThan(1700);
  });

  test('keeps a rule’s chances when another is added', () => {
    const drop: FaultRule = { fault: { kind: 'drop' }, probability: 0.5 };
    const both = through([drop, { fault: { kind: 'corrupt' }, probability: 0.5 }], 200, 7);
    expect(both.out.map(({ timeNs }) => Number(timeNs / MS))).toEqual(through([drop], 200, 7).numbers());
  });

  test('never loses a frame that it was not told to drop, and counts each fault', () => {
    const fault = fc.oneof(
      fc.record({ kind: fc.constant('delay' as const), ms: fc.nat(20), jitterMs: fc.nat(20) }),
      fc.record({ kind: fc.constant('reorder' as const), behind: fc.integer({ min: 1, max: 5 }) }),
    ) satisfies fc.Arbitrary<Fault>;
    const rule = fc.record({ fault, probability: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 3 }), fc.integer(), (rules, seed) => {
        const { numbers, held } = through(rules, 30, seed);
        const all = [...numbers(), ...held.map(numberOf)];
        expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
      }),
    );
  });

  test('keeps the first ten thousand faults and counts them all', () => {
    const { faults } = through([{ fault: { kind: 'drop' } }], 10_500);
    expect(faults.done).toHaveLength(10_000);
    expect(faults.count).toBe(10_500);
  });
});

function numberOrNull(frame: TimedFrame): number | null {
  return decodeUdp(frame.bytes).kind === 'udp' ? numberOf(frame) : null;
}
