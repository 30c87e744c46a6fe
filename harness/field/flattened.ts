import { open } from 'node:fs/promises';

const HEADER_BYTES = 4096;
const BLOCK_HEADER_BYTES = 16;
/** Of both numbers, in the block that ends it. */
const END = -1n;

/**
 * Puts a dump together that makedumpfile wrote through a pipe (`-F`; QEMU's kdump formats): a header, then blocks of an
 * offset, a length (64 bit, big-endian) and so many bytes (makedumpfile.h, struct makedumpfile_data_header). Returns
 * false where it is cut short. Errors: the disk's.
 */
export async function rearrange(pieces: AsyncIterable<Uint8Array>, file: string): Promise<boolean> {
  await using output = await open(file, 'w');
  let waiting: Buffer = Buffer.alloc(0);
  let skip = HEADER_BYTES;
  /** Where the block's next byte belongs, and how many are still to come. */
  let at = 0;
  let missing = 0;
  for await (const piece of pieces) {
    waiting = waiting.length === 0 ? Buffer.from(piece) : Buffer.concat([waiting, piece]);
    const skipped = Math.min(skip, waiting.length);
    skip -= skipped;
    waiting = waiting.subarray(skipped);
    while (waiting.length > 0) {
      if (missing > 0) {
        const part = waiting.subarray(0, missing);
        const { bytesWritten } = await output.write(part, 0, part.length, at);
        at += bytesWritten;
        missing -= bytesWritten;
        waiting = waiting.subarray(bytesWritten);
        continue;
      }
      if (waiting.length < BLOCK_HEADER_BYTES) break;
      const [offset, length] = [waiting.readBigInt64BE(0), waiting.readBigInt64BE(8)];
      if (offset === END && length === END) return true;
      if (offset < 0n || length < 0n || offset + length > Number.MAX_SAFE_INTEGER) return false;
      at = Number(offset);
      missing = Number(length);
      waiting = waiting.subarray(BLOCK_HEADER_BYTES);
    }
  }
  return false;
}
