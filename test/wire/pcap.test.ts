import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinAll } from '../../harness/wire/network-order.ts';
import { readPcap } from '../../harness/wire/pcap.ts';

interface Form {
  magic: number;
  littleEndian: boolean;
  fractionsPerUs: number;
}

const FORMS: [string, Form][] = [
  ['little-endian microseconds', { magic: 0xa1b2c3d4, littleEndian: true, fractionsPerUs: 1 }],
  ['big-endian microseconds', { magic: 0xa1b2c3d4, littleEndian: false, fractionsPerUs: 1 }],
  ['little-endian nanoseconds', { magic: 0xa1b23c4d, littleEndian: true, fractionsPerUs: 1000 }],
  ['big-endian nanoseconds', { magic: 0xa1b23c4d, littleEndian: false, fractionsPerUs: 1000 }],
];
const LITTLE: Form = { magic: 0xa1b2c3d4, littleEndian: true, fractionsPerUs: 1 };
const first = { seconds: 1_700_000_000, microseconds: 999_999, bytes: Uint8Array.of(1, 2, 3) };
const second = { seconds: 4_000_000_000, microseconds: 1, bytes: new Uint8Array() };

describe('a pcap file', () => {
  test.each(FORMS)('of %s has all its frames and times', (_, form) => {
    expect(readPcap(pcap(form, [first, second]))).toEqual({
      frames: [
        { timestampUs: 1_700_000_000_999_999, bytes: first.bytes, originalLength: 3 },
        { timestampUs: 4_000_000_000_000_001, bytes: second.bytes, originalLength: 0 },
      ],
      truncated: false,
    });
  });

  test('without frames is whole', () => {
    expect(readPcap(pcap(LITTLE, []))).toEqual({ frames: [], truncated: false });
  });

  test('is read to the last whole frame wherever it is cut', () => {
    const frame = fc.record({
      seconds: fc.nat(),
      microseconds: fc.nat(999_999),
      bytes: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 8 }), fc.nat(), (frames, position) => {
        const file = pcap(LITTLE, frames);
        const cut = 24 + (position % (file.length - 24));
        const read = readPcap(file.subarray(0, cut));
        const wholes = frames.map((_, index) => pcap(LITTLE, frames.slice(0, index + 1)).length);
        const whole = wholes.filter((length) => length <= cut).length;
        expect(read).toMatchObject({ truncated: cut !== 24 && !wholes.includes(cut) });
        expect(read).toHaveProperty('frames.length', whole);
      }),
    );
  });

  test('tells how long a frame was of which it has the beginning only', () => {
    const file = pcap(LITTLE, [first]);
    new DataView(file.buffer).setUint32(24 + 12, 1514, true);
    expect(readPcap(file)).toMatchObject({ frames: [{ bytes: first.bytes, originalLength: 1514 }] });
  });

  test('with a frame of four gigabytes is truncated', () => {
    const file = pcap(LITTLE, [first]);
    new DataView(file.buffer).setUint32(24 + 8, 0xffffffff, true);
    expect(readPcap(file)).toEqual({ frames: [], truncated: true });
  });

  test('is refused for what is not one, or not of Ethernet', () => {
    const linux = pcap(LITTLE, []);
    linux[20] = 113;
    expect(readPcap(linux)).toEqual({ failure: 'the pcap file holds link type 113, not Ethernet' });
    expect(readPcap(new Uint8Array(24))).toMatchObject({ failure: expect.stringContaining('not a pcap') });
    expect(readPcap(pcap(LITTLE, []).subarray(0, 23))).toEqual({
      failure: 'a pcap header is cut after 23 bytes',
    });
  });

  test('of any bytes whatever is a value', () => {
    const header = pcap(LITTLE, []);
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 100 }), (headed, bytes) => {
        const read = readPcap(headed ? joinAll([header, bytes]) : bytes);
        expect('failure' in read).toBe(!headed);
      }),
    );
  });
});

function pcap(
  form: Form,
  frames: readonly { seconds: number; microseconds: number; bytes: Uint8Array }[],
): Uint8Array {
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, form.magic, form.littleEndian);
  header.setUint16(4, 2, form.littleEndian);
  header.setUint16(6, 4, form.littleEndian);
  header.setUint32(16, 65_536, form.littleEndian);
  header.setUint32(20, 1, form.littleEndian);
  const parts = frames.flatMap(({ seconds, microseconds, bytes }) => {
    const fields = new DataView(new ArrayBuffer(16));
    fields.setUint32(0, seconds, form.littleEndian);
    fields.setUint32(4, microseconds * form.fractionsPerUs, form.littleEndian);
    fields.setUint32(8, bytes.length, form.littleEndian);
    fields.setUint32(12, bytes.length, form.littleEndian);
    return [new Uint8Array(fields.buffer), bytes];
  });
  return joinAll([new Uint8Array(header.buffer), ...parts]);
}
