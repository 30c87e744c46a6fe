import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { encodeFrame } from '../../harness/wire/framing.ts';
import { hostAt } from '../../harness/wire/responder.ts';
import { Segment } from '../../harness/wire/segment.ts';
import { arpRequest, HOST, ping } from './requests.ts';
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
