import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CaptureReader, isCapture, type ReadFrame } from '../../harness/wire/capture-reader.ts';
import { renderPcapng } from '../../harness/wire/pcapng.ts';
import { decodeUdp, encodeUdp } from '../../harness/wire/udp.ts';

const datagram = (text: string, addresses = ['10.0.0.1', '10.0.0.2']) =>
  encodeUdp({
    source: { mac: '52:54:00:00:00:01', address: addresses[0] ?? '', port: 6665 },
    destination: { mac: '52:54:00:00:00:02', address: addresses[1] ?? '', port: 6666 },
    payload: new TextEncoder().encode(text),
  });
const frames = [datagram('one'), datagram('two', ['fd00::1', 'fd00::2']), datagram('three')];

/** A classic file, each frame a millisecond and a half after the one before. */
function classic(
  link: number,
  packets: readonly Uint8Array[],
  { little = true, nano = false } = {},
): Uint8Array {
  const bytes = new Uint8Array(24 + packets.reduce((sum, packet) => sum + 16 + packet.length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nano ? 0xa1b23c4d : 0xa1b2c3d4, little);
  view.setUint32(20, link, little);
  let at = 24;
  for (const [index, packet] of packets.entries()) {
    view.setUint32(at, 1, little);
    view.setUint32(at + 4, index * (nano ? 1_500_000 : 1500), little);
    view.setUint32(at + 8, packet.length, little);
    view.setUint32(at + 12, packet.length, little);
    bytes.set(packet, at + 16);
    at += 16 + packet.length;
  }
  return bytes;
}

const pcapng = renderPcapng({
  application: 'test',
  interfaces: [{ name: 'a' }],
  packets: frames.map((bytes, at) => ({
    interface: 0,
    timestampNs: 1_000_000_000n + BigInt(at) * 1_500_000n,
    direction: 'outbound' as const,
    bytes,
  })),
});

function read(
  file: Uint8Array,
  pieces: readonly number[] = [],
): { frames: ReadFrame[]; problem: string | null } {
  const reader = new CaptureReader();
  const found: ReadFrame[] = [];
  let at = 0;
  for (const size of pieces) {
    found.push(...reader.take(file.subarray(at, at + size)));
    at += size;
  }
  found.push(...reader.take(file.subarray(at)));
  reader.finish();
  return { frames: found, problem: reader.problem };
}

const texts = (list: readonly ReadFrame[]) =>
  list.map(({ bytes }) => {
    const decoded = decodeUdp(bytes);
    return decoded.kind === 'udp' ? new TextDecoder().decode(decoded.payload) : decoded.kind;
  });

describe('a capture', () => {
  test.each([
    ['classic, little-endian', classic(1, frames)],
    ['classic, big-endian', classic(1, frames, { little: false })],
    ['classic, in nanoseconds', classic(1, frames, { nano: true })],
    ['pcapng', pcapng],
  ])('that is %s has its frames, with their times', (_, file) => {
    expect(isCapture(file)).toBe(true);
    const { frames: found, problem } = read(file);
    expect([texts(found), problem]).toEqual([['one', 'two', 'three'], null]);
    expect(found.map(({ atMs }) => atMs)).toEqual([1000, 1001.5, 1003]);
  });

  test('may come in any pieces', () => {
    fc.assert(
      fc.property(fc.constantFrom(classic(1, frames), pcapng), fc.array(fc.nat(60)), (file, pieces) => {
        expect(read(file, pieces)).toEqual(read(file));
      }),
    );
  });

  test.each([
    [113, (frame: Uint8Array) => [...new Uint8Array(14), ...frame.subarray(12)]],
    [276, (frame: Uint8Array) => [...frame.subarray(12, 14), ...new Uint8Array(18), ...frame.subarray(14)]],
    [101, (frame: Uint8Array) => [...frame.subarray(14)]],
  ])('of link type %i is read as well', (link, wrap) => {
    const file = classic(
      link,
      frames.map((frame) => Uint8Array.from(wrap(frame))),
    );
    expect(texts(read(file).frames)).toEqual(['one', 'two', 'three']);
  });

  test('of another link type says so', () => {
    expect(read(classic(105, frames)).problem).toMatch(/link type 105/);
  });

  test('that stops in the middle has what came before, and says so, wherever it stops', () => {
    for (const file of [classic(1, frames), pcapng]) {
      for (let end = 4; end < file.length; end += 1) {
        const { frames: found } = read(file.subarray(0, end));
        expect(['one', 'two', 'three'].slice(0, found.length)).toEqual(texts(found));
      }
      expect(read(file.subarray(0, -3)).problem).toMatch(/middle of a frame/);
    }
  });

  test('that says of a frame what can’t be is given up', () => {
    const file = classic(1, frames);
    new DataView(file.buffer).setUint32(24 + 8, 0xfffffff0, true);
    expect(read(file)).toMatchObject({
      frames: [],
      problem: expect.stringMatching(/says that it has 4294967280 bytes/),
    });
  });

  test('of rubbish never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(classic(1, frames), pcapng),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255))),
        (file, changes) => {
          const broken = Uint8Array.from(file);
          for (const [at, byte] of changes) if (at < broken.length && at >= 4) broken[at] = byte;
          expect(() => texts(read(broken).frames)).not.toThrow();
        },
      ),
    );
  });
});

const block = (type: number, body: readonly number[]) => {
  const length = 12 + body.length;
  return Uint8Array.from([type, 0, 0, 0, length, 0, 0, 0, ...body, length, 0, 0, 0]);
};

test('an interface of another type is passed over, and its frames are counted', () => {
  const usb = block(1, [220, 0, 0, 0, 0, 0, 0, 0]);
  const packet = block(6, [1, ...Array.from({ length: 19 }, () => 0)]);
  const reader = new CaptureReader();
  const found = [pcapng, usb, packet, packet].flatMap((part) => reader.take(part));
  reader.finish();
  expect(texts(found)).toEqual(['one', 'two', 'three']);
  expect([reader.problem, reader.unread]).toEqual([null, ['2 frames of link type 220 are not read.']]);
});
