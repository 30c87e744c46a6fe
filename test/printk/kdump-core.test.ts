import { deflateSync, inflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openKdumpCore } from '../../harness/printk/kdump-core.ts';

const BLOCK = 4096;
const INFO = 'OSRELEASE=6.12\nSYMBOL(prb)=ffffffff81000000\n';
const pageOf = (byte: number) => new Uint8Array(BLOCK).fill(byte);

/** makedumpfile's format: frames 0 and 700 plain and packed, frame 1 full of zeros, no memory between, frame 701 left out. */
function written({ packing = 1, level = 1, split = 0, info = INFO } = {}): Uint8Array {
  const stored = [pageOf(0x11), deflateSync(pageOf(0x22))];
  const [header, sub] = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)];
  header.write('KDUMP   ');
  header.writeUInt32LE(6, 8);
  header.writeUInt32LE(BLOCK, 428);
  header.writeUInt32LE(1, 432);
  header.writeUInt32LE(2, 436);
  sub.writeUInt32LE(level, 8);
  sub.writeUInt32LE(split, 12);
  sub.writeBigUInt64LE(702n, 96);
  const [present, dumped] = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)];
  for (const frame of [0, 1, 700, 701]) present[frame >> 3] = (present[frame >> 3] ?? 0) | (1 << (frame & 7));
  for (const frame of [0, 700]) dumped[frame >> 3] = (dumped[frame >> 3] ?? 0) | (1 << (frame & 7));
  const descriptors = Buffer.alloc(2 * 24);
  let at = 4 * BLOCK + descriptors.length;
  for (const [index, bytes] of stored.entries()) {
    descriptors.writeBigUInt64LE(BigInt(at), index * 24);
    descriptors.writeUInt32LE(bytes.length, index * 24 + 8);
    descriptors.writeUInt32LE(index === 0 ? 0 : packing, index * 24 + 12);
    at += bytes.length;
  }
  sub.writeBigUInt64LE(BigInt(at), 32);
  sub.writeBigUInt64LE(BigInt(info.length), 40);
  return Buffer.concat([header, sub, present, dumped, descriptors, ...stored, Buffer.from(info)]);
}

const opened = (bytes: Uint8Array) =>
  openKdumpCore(
    (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
    (packed) => inflateSync(packed),
  );

async function read(bytes: Uint8Array, address: bigint, length: number) {
  const kernel = await opened(bytes);
  return 'failure' in kernel ? kernel.failure : kernel.memory.read(address, length);
}

describe('a dump of makedumpfile’s', () => {
  test('has its note, its pages, and zeros where it left them out', async () => {
    expect(await opened(written())).toMatchObject({ infos: [{ release: '6.12' }] });
    const across = await read(written(), 4094n, 4);
    expect(across).toEqual(Uint8Array.of(0x11, 0x11, 0, 0));
    expect(await read(written(), 700n * 4096n, 2)).toEqual(Uint8Array.of(0x22, 0x22));
    expect(await read(written(), 701n * 4096n, 2)).toEqual(Uint8Array.of(0, 0));
  });

  test.each([
    ['between its memory', written(), 2n],
    ['behind its memory', written(), 702n],
    ['left out for another reason', written({ level: 0 }), 701n],
  ])('has no page %s', async (_, bytes, frame) => {
    expect(await read(bytes, frame * 4096n, 1)).toBeNull();
  });

  test.each([
    ['split', written({ split: 1 }), 'it is one part of a dump that was split'],
    ['without its note', written({ info: '' }), 'it has no VMCOREINFO note'],
    ['that is none', Buffer.alloc(BLOCK), 'it is no dump of makedumpfile’s'],
    ['cut in its tables', written().slice(0, 3 * BLOCK), 'the table of its pages lies outside the file'],
  ])('%s is not believed', async (_, bytes, failure) => {
    expect(await opened(bytes)).toEqual({ failure: expect.stringContaining(failure) });
  });

  test('whose pages are packed otherwise says with what', async () => {
    const kernel = await opened(written({ packing: 2 }));
    const reads = 'failure' in kernel ? undefined : kernel.memory.read(700n * 4096n, 1);
    await expect(reads).rejects.toThrow('its pages are packed with lzo');
  });

  test('that was damaged is read, or refused with a sentence', async () => {
    const whole = written();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(703), async (at, byte, frame) => {
        const damaged = whole.slice();
        damaged[at] = byte;
        const kernel = await opened(damaged);
        if ('failure' in kernel) return;
        const page = await kernel.memory
          .read(BigInt(frame) * 4096n, 8)
          .catch((error: Error) => error.message);
        expect(page === null || typeof page === 'string' || page.length === 8).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
