import { BadMemory } from './memory.ts';

/** Bytes of a file from an offset on; fewer where it ends. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

/** A piece of a file that has to be there. Throws BadMemory. */
export async function viewOf(read: ReadAt, offset: bigint, length: number, what: string): Promise<DataView> {
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new BadMemory(`${what} lies outside the file`);
  const bytes = await read(Number(offset), length);
  if (bytes.length < length) throw new BadMemory(`${what} lies outside the file, which was cut short`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An ELF file's header, of 64 bit and little-endian (System V gABI, chapter 4). Throws BadMemory. */
export async function elfHeader(read: ReadAt): Promise<DataView> {
  const header = await viewOf(read, 0n, 64, 'the ELF header');
  if (header.getUint32(0) !== 0x7f454c46) throw new BadMemory('it is no ELF file');
  if (header.getUint8(4) !== 2 || header.getUint8(5) !== 1)
    throw new BadMemory('it is not of 64 bit and little-endian');
  return header;
}
