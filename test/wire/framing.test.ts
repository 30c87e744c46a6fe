import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader, LARGEST_FRAME } from '../../harness/wire/framing.ts';
import { joinAll } from '../../harness/wire/network-order.ts';

const someFrames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 });
const cutLengths = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });

describe('frames on a stream', () => {
  test('are the same however the stream is split', () => {
    fc.assert(
      fc.property(someFrames, cutLengths, (frames, cuts) => {
        const stream = joinAll(frames.map((frame) => encodeFrame(frame)));
        expect(readInPieces(stream, cuts)).toEqual(frames);
      }),
    );
  });

  test('are the same when every byte comes alone', () => {
    const frames = [Uint8Array.of(1), Uint8Array.of(2, 3, 4)];
    const stream = joinAll(frames.map((frame) => encodeFrame(frame)));
    expect(
      readInPieces(
        stream,
        Array.from(stream, () => 1),
      ),
    ).toEqual(frames);
  });

  test('stay what they are when the memory of a chunk is used again', () => {
    const reader = new FrameReader();
    const chunk = encodeFrame(Uint8Array.of(1, 2, 3));
    const { frames } = reader.push(chunk);
    chunk.fill(0xee);
    expect(frames).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  test('may be as large as QEMU makes them', () => {
    const largest = new Uint8Array(LARGEST_FRAME).fill(7);
    expect(new FrameReader().push(encodeFrame(largest))).toEqual({ frames: [largest], failure: null });
  });

  test('end inside a frame where the stream does', () => {
    const stream = encodeFrame(Uint8Array.of(1, 2, 3));
    const insideAfter = (length: number): boolean => {
      const reader = new FrameReader();
      reader.push(stream.subarray(0, length));
      return reader.insideFrame;
    };
    expect([0, 1, 4, 6, 7].map((length) => insideAfter(length))).toEqual([false, true, true, true, false]);
  });
});

describe('a peer that lies', () => {
  test.each([
    ['nothing at all', [0, 0, 0, 0]],
    ['a byte more than QEMU can', [0, 1, 0x10, 1]],
    ['four gigabytes', [255, 255, 255, 255]],
  ])('announces %s and is not read any further', (_, length) => {
    const reader = new FrameReader();
    const good = encodeFrame(Uint8Array.of(9));
    const { frames, failure } = reader.push(joinAll([good, Uint8Array.from(length), good]));
    expect(frames).toEqual([Uint8Array.of(9)]);
    expect(failure).toMatch(/announced a frame of \d+ bytes/);
    expect(reader.push(good)).toEqual({ frames: [], failure });
  });

  test('never gets more out of the reader than it put in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const reader = new FrameReader();
        const read = chunks.flatMap((chunk) => reader.push(chunk).frames);
        expect(joinAll(read).length + 4 * read.length).toBeLessThanOrEqual(joinAll(chunks).length);
      }),
    );
  });

  test('is not what we become ourselves', () => {
    expect(() => encodeFrame(new Uint8Array())).toThrow(RangeError);
    expect(() => encodeFrame(new Uint8Array(LARGEST_FRAME + 1))).toThrow(RangeError);
  });
});

function readInPieces(stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const reader = new FrameReader();
  const frames: Uint8Array[] = [];
  let offset = 0;
  for (const cut of [...cuts, stream.length]) {
    const read = reader.push(stream.slice(offset, offset + cut));
    expect(read.failure).toBeNull();
    frames.push(...read.frames);
    offset += cut;
  }
  expect(reader.insideFrame).toBe(false);
  return frames;
}
