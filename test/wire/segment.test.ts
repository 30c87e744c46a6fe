import { Duplex } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { encodeFrame } from '../../harness/wire/framing.ts';
import { hostAt } from '../../harness/wire/responder.ts';
import { Load, LOAD_PORT } from '../../harness/wire/load.ts';
import { Segment } from '../../harness/wire/segment.ts';
import type { TimedFrame } from '../../harness/wire/timed-frame.ts';
import { GuestTcp } from './guest-tcp.ts';
import { arpRequest, GUEST, HOST, ping } from './requests.ts';
import { channelPair } from '../machine/peer.ts';

const host = hostAt(HOST);
const settled = () => new Promise((resolve) => setImmediate(resolve));

function connect(keptBytes?: number) {
  const [ours, guest] = channelPair();
  let told = 0;
  const segment = new Segment(ours, host, () => (told += 1), keptBytes);
  const heard: Buffer[] = [];
  guest.on('data', (bytes: Buffer) => heard.push(bytes));
  return { segment, guest, heard, told: () => told };
}

test('what is asked of the host is answered, and both frames are kept', async () => {
  const { segment, guest, heard } = connect();
  guest.write(encodeFrame(arpRequest()));
  await settled();
  expect(segment.frames.map(({ direction }) => direction)).toEqual(['from guest', 'to guest']);
  expect(segment.frames[0]?.bytes).toEqual(arpRequest());
  expect(new Uint8Array(Buffer.concat(heard))).toEqual(
    encodeFrame(segment.frames[1]?.bytes ?? new Uint8Array(1)),
  );
  expect(segment.failure).toBeNull();
});

test('a guest that asks and never listens gets no more answers than its socket holds', async () => {
  let written = 0;
  /** The NIC of a guest that reads nothing: no write is ever done. */
  const deaf = new Duplex({
    read() {
      // Pushed below.
    },
    write(chunk: Buffer) {
      written += chunk.length;
    },
  });
  const segment = new Segment(deaf, host, () => undefined);
  for (let at = 0; at < 2000; at++) deaf.push(encodeFrame(ping({ text: 'x'.repeat(1400) })));
  await settled();
  expect(segment.frames.filter(({ direction }) => direction === 'from guest')).toHaveLength(2000);
  expect(written).toBeGreaterThan(0);
  expect(deaf.writableLength).toBeLessThan(3 * deaf.writableHighWaterMark);
  expect(segment.failure).toBeNull();
});

test('a flood is not kept for ever, and the segment says that it is not whole', async () => {
  const { segment, guest, told } = connect(10_000);
  for (let at = 0; at < 100; at++) guest.write(encodeFrame(new Uint8Array(500).fill(at)));
  await settled();
  expect(segment.failure).toContain('10000 bytes');
  expect(segment.frames.length).toBeGreaterThan(5);
  expect(segment.frames.length).toBeLessThan(20);
  const kept = segment.frames.length;
  guest.write(encodeFrame(new Uint8Array(1)));
  await settled();
  expect(segment.frames.length).toBe(kept);
  expect(told()).toBeGreaterThan(0);
});

test('a stream that makes no sense is a failure, with the frames before it kept', async () => {
  const { segment, guest } = connect();
  guest.write(encodeFrame(new Uint8Array(60)));
  guest.write(Buffer.from('ffffffff', 'hex'));
  guest.write(encodeFrame(new Uint8Array(61)));
  await settled();
  expect(segment.failure).toContain('4294967295');
  expect(segment.frames).toHaveLength(1);
});

describe('a wire that misbehaves', () => {
  test('costs nothing until then: what is delivered is what left the guest', () => {
    const { segment } = connect();
    expect(segment.delivered).toBe(segment.frames);
    expect(segment.faulty).toBe(false);
  });

  test('keeps what left the guest, and what the witness was given', async () => {
    const { segment, guest } = connect();
    guest.write(encodeFrame(ping({ text: 'before' })));
    await settled();
    segment.injectFaults({ seed: 1, rules: [{ fault: { kind: 'drop' }, nth: [2] }] });
    for (const text of ['one', 'two', 'three']) guest.write(encodeFrame(ping({ text })));
    await settled();
    expect(asked(segment.frames)).toEqual(['before', 'one', 'two', 'three']);
    expect(asked(segment.delivered)).toEqual(['before', 'one', 'three']);
    expect(segment.faultsDone).toMatchObject({ count: 1, done: [{ frame: 2, fault: { kind: 'drop' } }] });
  });

  test('answers only what was delivered, and an answer may be lost too', async () => {
    const { segment, guest, heard } = connect();
    segment.injectFaults({ seed: 1, rules: [{ fault: { kind: 'drop' }, direction: 'to guest', nth: [1] }] });
    guest.write(encodeFrame(ping({ text: 'one' })));
    guest.write(encodeFrame(ping({ text: 'two' })));
    await settled();
    expect(Buffer.concat(heard).includes('one')).toBe(false);
    expect(Buffer.concat(heard).includes('two')).toBe(true);
    expect(answers(segment.frames)).toHaveLength(1);
    expect(answers(segment.delivered)).toHaveLength(2);
  });

  test('delivers in its own time what it delays, and tells of it', async () => {
    const { segment, guest, told } = connect();
    segment.injectFaults({ seed: 1, rules: [{ fault: { kind: 'delay', ms: 20 } }] });
    guest.write(encodeFrame(ping({ text: 'late' })));
    await settled();
    const before = told();
    const [, due] = [segment.frames[0]?.timeNs, segment.delivered[0]?.timeNs ?? 0n];
    expect(due).toBe((segment.frames[0]?.timeNs ?? 0n) + 20_000_000n);
    expect(segment.frames.some(({ direction }) => direction === 'to guest')).toBe(false);
    await vi.waitFor(() => expect(told()).toBeGreaterThan(before));
    expect(segment.frames.some(({ direction }) => direction === 'to guest')).toBe(true);
    expect(asked(segment.delivered)).toEqual(['late']);
  });

  test('has what is still on its way when it is asked, and when it behaves again', async () => {
    const { segment, guest } = connect();
    segment.injectFaults({ seed: 1, rules: [{ fault: { kind: 'delay', ms: 3_600_000 }, nth: [1] }] });
    guest.write(encodeFrame(ping({ text: 'very late' })));
    guest.write(encodeFrame(ping({ text: 'at once' })));
    await settled();
    expect(asked(segment.delivered)).toEqual(['at once', 'very late']);
    segment.injectFaults(null);
    guest.write(encodeFrame(ping({ text: 'after' })));
    await settled();
    expect(asked(segment.delivered)).toEqual(['at once', 'very late', 'after']);
    expect(segment.faultsDone.count).toBe(1);
  });
});

describe('a load', () => {
  test('is counted, not kept, however much it is, and says nothing', async () => {
    const { segment, guest, told } = connect(10_000);
    segment.carry(new Load({ guest: GUEST, host: HOST }, host, null));
    const tcp = new GuestTcp(LOAD_PORT.discard, { toSend: 1 });
    for (let at = 0; at < 100; at++) for (const frame of tcp.say()) guest.write(encodeFrame(frame));
    await settled();
    expect(segment.failure).toBeNull();
    expect(segment.frames).toEqual([]);
    expect(segment.unkept.frames).toBeGreaterThanOrEqual(101);
    expect(told()).toBe(0);
    guest.write(encodeFrame(arpRequest()));
    await settled();
    expect(segment.frames).toHaveLength(2);
    expect(told()).toBe(1);
  });

  test('is answered as far as the guest listens', async () => {
    let written = 0;
    const deaf = new Duplex({
      read() {
        // Pushed below.
      },
      write(chunk: Buffer) {
        written += chunk.length;
      },
    });
    const segment = new Segment(deaf, host, () => undefined);
    segment.carry(new Load({ guest: GUEST, host: HOST }, host, { perSecond: 1e9, bytes: 1000 }));
    for (let at = 0; at < 100; at++) {
      segment.pump();
      await settled();
    }
    expect(written).toBeGreaterThan(0);
    expect(deaf.writableLength).toBeLessThan(2 * deaf.writableHighWaterMark);
  });
});

test('a wire that is paused reads nothing, and all of it when it goes on', async () => {
  const { segment, guest } = connect();
  segment.pause();
  guest.write(encodeFrame(ping({ text: 'waiting' })));
  await settled();
  expect(segment.paused).toBe(true);
  expect(segment.frames).toEqual([]);
  segment.resume();
  await settled();
  expect(asked(segment.frames)).toEqual(['waiting']);
});

function answers(frames: readonly TimedFrame[]): readonly TimedFrame[] {
  return frames.filter(({ direction }) => direction === 'to guest');
}

/** The words in the pings from the guest. */
function asked(frames: readonly TimedFrame[]): string[] {
  return frames
    .filter(({ direction }) => direction === 'from guest')
    .map(({ bytes }) => Buffer.from(bytes.subarray(42)).toString());
}
