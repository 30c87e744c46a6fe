import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostAt } from '../../harness/wire/responder.ts';
import { Load, LOAD_PORT } from '../../harness/wire/load.ts';
import { randomFrom } from '../../harness/wire/random.ts';
import { encodeUdp } from '../../harness/wire/udp.ts';
import { GuestTcp, tcpFrame, tcpIn } from './guest-tcp.ts';
import { arpRequest, bytesOf, GUEST, HOST, ping } from './requests.ts';

const newLoad = (datagrams: { perSecond: number; bytes: number } | null = null) =>
  new Load({ guest: GUEST, host: HOST }, hostAt(HOST), datagrams);

/** Everything the load has to say. */
function said(load: Load, nowMs: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let frame = load.next(nowMs); frame; frame = load.next(nowMs)) frames.push(frame);
  return frames;
}

/** Lets both talk until `done`, each frame lost with this chance; a round is 100 ms. */
function talk(load: Load, guest: GuestTcp, options: { loss?: number; seed?: number; done: () => boolean }) {
  const random = randomFrom(options.seed ?? 1);
  const survives = () => random() >= (options.loss ?? 0);
  let rounds = 0;
  for (; !options.done() && rounds < 10_000; rounds++) {
    const nowMs = rounds * 100;
    for (const frame of guest.say().filter(survives)) load.take(frame, nowMs);
    for (const frame of said(load, nowMs).filter(survives)) guest.hear(frame);
  }
  return rounds;
}

const { discard, stream } = LOAD_PORT;

describe('TCP', () => {
  test('a guest’s bytes to port 9 are counted and acknowledged', () => {
    const load = newLoad();
    const guest = new GuestTcp(discard, { toSend: 54_321 });
    talk(load, guest, { done: () => guest.heard === guest.toSend });
    expect(load.measure().tcp['from guest'].bytes).toBe(54_321);
    expect(load.measure().tcp['to guest'].bytes).toBe(0);
  });

  test('a guest that opens port 19 is sent as much as its window takes, and what it acknowledged is counted', () => {
    const load = newLoad();
    const guest = new GuestTcp(stream);
    talk(load, guest, { done: () => guest.taken >= 1_000_000 });
    const { bytes } = load.measure().tcp['to guest'];
    expect(guest.taken - bytes).toBeLessThanOrEqual(20_000);
    expect(bytes).toBeGreaterThan(950_000);
  });

  test('no segment is larger than the guest takes, nor more in flight than its window', () => {
    const load = newLoad();
    const guest = new GuestTcp(stream);
    talk(load, guest, { done: () => guest.opened });
    for (const frame of guest.say()) load.take(frame, 0);
    const segments = said(load, 0).map((frame) => tcpIn(frame));
    expect(segments.map(({ payload }) => payload.length)).toEqual(Array.from({ length: 20 }, () => 1000));
  });

  test('whatever is lost, no byte is counted twice and none is missing', () => {
    const lossy = fc.record({
      seed: fc.integer(),
      loss: fc.double({ min: 0, max: 0.4, noNaN: true }),
      toSend: fc.integer({ min: 1, max: 30_000 }),
    });
    fc.assert(
      fc.property(lossy, ({ toSend, ...chance }) => {
        const out = { load: newLoad(), guest: new GuestTcp(discard, { toSend }) };
        talk(out.load, out.guest, { ...chance, done: () => out.guest.heard === toSend });
        expect(out.load.measure().tcp['from guest'].bytes).toBe(toSend);
        const into = { load: newLoad(), guest: new GuestTcp(stream) };
        const rounds = talk(into.load, into.guest, { ...chance, done: () => into.guest.taken >= 30_000 });
        expect(rounds).toBeLessThan(10_000);
        expect(into.load.measure().tcp['to guest'].bytes).toBeLessThanOrEqual(into.guest.taken);
      }),
      { numRuns: 40 },
    );
  });

  test('a guest that dies is sent less and less, and costs no more than that', () => {
    const load = newLoad();
    const guest = new GuestTcp(stream);
    talk(load, guest, { done: () => guest.taken > 10_000 });
    let frames = 0;
    for (let second = 1; second <= 600; second++) frames += said(load, 10_000 + second * 1000).length;
    expect(frames).toBeGreaterThan(3);
    expect(frames).toBeLessThan(25);
  });

  test('a guest without room is asked now and then, and goes on when it has some', () => {
    const load = newLoad();
    load.take(tcpFrame({ destinationPort: stream, sequence: 7, flags: { syn: true }, window: 0 }), 0);
    const answer = tcpIn(load.next(0));
    const next = (answer.sequence + 1) >>> 0;
    const ack = { destinationPort: stream, sequence: 8, acknowledgement: next, flags: { ack: true } };
    load.take(tcpFrame({ ...ack, window: 0 }), 1);
    expect(load.next(1)).toBeNull();
    expect(load.next(999)).toBeNull();
    expect(tcpIn(load.next(1001)).payload).toHaveLength(1);
    load.take(tcpFrame({ ...ack, window: 400 }), 1101);
    expect(tcpIn(load.next(1101)).payload).toHaveLength(400);
  });

  test('a window is as large as the guest’s scale says', () => {
    const load = newLoad();
    const options = { maximumSegment: 1460, windowScale: 3 };
    load.take(tcpFrame({ destinationPort: stream, sequence: 7, flags: { syn: true }, options }), 0);
    const answer = tcpIn(load.next(0));
    expect(answer.options).toEqual({ maximumSegment: 1460, windowScale: 0 });
    const acknowledgement = (answer.sequence + 1) >>> 0;
    load.take(
      tcpFrame({ destinationPort: stream, sequence: 8, acknowledgement, flags: { ack: true }, window: 1000 }),
      1,
    );
    const bytes = said(load, 1).reduce((sum, frame) => sum + tcpIn(frame).payload.length, 0);
    expect(bytes).toBe(5 * 1460);
  });

  test('an end is answered with an end, and then nothing is left', () => {
    const load = newLoad();
    load.take(tcpFrame({ destinationPort: discard, sequence: 7, flags: { syn: true } }), 0);
    const first = tcpIn(load.next(0)).sequence;
    const ours = (first + 1) >>> 0;
    const base = { destinationPort: discard, acknowledgement: ours };
    const last = { sequence: 8, payload: bytesOf('bye'), flags: { fin: true, ack: true } };
    load.take(tcpFrame({ ...base, ...last }), 1);
    expect(tcpIn(load.next(1))).toMatchObject({ flags: { fin: true }, acknowledgement: 12, sequence: ours });
    const acknowledgement = (ours + 1) >>> 0;
    load.take(tcpFrame({ ...base, sequence: 12, acknowledgement, flags: { ack: true } }), 2);
    expect(load.next(2)).toBeNull();
    expect(load.measure().tcp['from guest']).toMatchObject({ bytes: 3, packets: 3 });
    load.take(tcpFrame({ ...base, sequence: 12, flags: { ack: true } }), 3);
    expect(tcpIn(load.next(3)).flags.rst).toBe(true);
  });

  test('a port without a service, and a segment of no connection, are refused', () => {
    const load = newLoad();
    load.take(tcpFrame({ destinationPort: 80, sequence: 7, flags: { syn: true } }), 0);
    expect(tcpIn(load.next(0))).toMatchObject({ flags: { rst: true, ack: true }, acknowledgement: 8 });
    load.take(tcpFrame({ destinationPort: discard, acknowledgement: 99, flags: { ack: true } }), 0);
    expect(tcpIn(load.next(0))).toMatchObject({ flags: { rst: true }, sequence: 99 });
    load.take(tcpFrame({ destinationPort: discard, flags: { rst: true } }), 0);
    expect(load.next(0)).toBeNull();
  });

  test('a reset ends a connection, and a load that is stopped resets all', () => {
    const load = newLoad();
    const guest = new GuestTcp(stream);
    talk(load, guest, { done: () => guest.taken > 5000 });
    load.stop();
    expect(said(load, 1e6).map((frame) => tcpIn(frame).flags.rst)).toEqual([true]);
    for (const frame of guest.say()) load.take(frame, 1e6);
    expect(said(load, 1e6).map((frame) => tcpIn(frame).flags.rst)).toEqual([true]);
    load.take(tcpFrame({ destinationPort: stream, flags: { syn: true } }), 1e6);
    expect(said(load, 1e6).map((frame) => tcpIn(frame).flags.rst)).toEqual([true]);
  });

  test('garbage and damage change nothing', () => {
    const load = newLoad();
    const guest = new GuestTcp(discard, { toSend: 5000 });
    talk(load, guest, { done: () => guest.opened });
    const [good = new Uint8Array()] = guest.say();
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const bad = new Uint8Array(good);
        bad[at] = (bad[at] ?? 0) ^ (1 << bit);
        if (at >= 14) load.take(bad, 1);
        load.take(good.subarray(0, at), 1);
        expect(load.measure().tcp['from guest'].bytes).toBe(0);
      }),
    );
  });
});

describe('UDP', () => {
  test('a guest’s datagrams to port 9 are counted', () => {
    const load = newLoad();
    for (let at = 0; at < 5; at++) load.take(datagram(9), at * 1000);
    expect(load.measure()).toMatchObject({
      udp: { 'from guest': { packets: 5, bytes: 1000, lastedMs: 4000 } },
    });
  });

  test('the guest is sent datagrams at the rate asked for; a pause is not made up for', () => {
    const load = newLoad({ perSecond: 1000, bytes: 100 });
    // One that came long before changes nothing of the time of those that go.
    load.take(datagram(9), -5000);
    let frames = 0;
    for (let ms = 0; ms <= 1000; ms += 10) frames += said(load, ms).length;
    expect(frames).toBeGreaterThanOrEqual(998);
    expect(frames).toBeLessThanOrEqual(1001);
    expect(load.measure().udp['to guest'].lastedMs).toBe(frames - 1);
    expect(said(load, 60_000).length).toBeLessThanOrEqual(101);
    expect(load.measure().udp['to guest'].bytes).toBe(100 * load.measure().udp['to guest'].packets);
  });

  test('only what is the load’s own is claimed as such', () => {
    const load = newLoad({ perSecond: 1000, bytes: 100 });
    const claimed = (frame: Uint8Array) => load.claims(frame, 'from guest');
    expect([datagram(9), tcpFrame({ destinationPort: 19, flags: {} })].map(claimed)).toEqual([true, true]);
    const others = [datagram(6666), datagram(19), arpRequest(), ping(), new Uint8Array(3)];
    expect(others.map(claimed)).toEqual(others.map(() => false));
    said(load, 0);
    expect(said(load, 50).every((frame) => load.claims(frame, 'to guest'))).toBe(true);
  });
});

function datagram(port: number): Uint8Array {
  return encodeUdp({
    source: { mac: GUEST.mac, address: GUEST.ipv4, port: 5000 },
    destination: { mac: HOST.mac, address: HOST.ipv4, port },
    payload: new Uint8Array(200),
  });
}
