import { type FileHandle, open } from 'node:fs/promises';

const MAGIC = 0x7f45_4c46;
const PT_INTERP = 3;

/** Where the header says what and where the program headers are: elf(5), for 32 and 64 bits. */
const LAYOUTS = {
  1: { tableAt: 28, entrySizeAt: 42, countAt: 44, word: 4 },
  2: { tableAt: 32, entrySizeAt: 54, countAt: 56, word: 8 },
} as const;
const HEADER = 64;

/** Whether a file is a program that asks for no interpreter, and so needs no library: little-endian ELF. */
export async function isStaticProgram(file: string): Promise<boolean> {
  try {
    await using handle = await open(file);
    return await hasNoInterpreter(handle);
  } catch {
    return false;
  }
}

async function hasNoInterpreter(handle: FileHandle): Promise<boolean> {
  const header = await bytesAt(handle, 0, HEADER);
  const layout = LAYOUTS[header.readUInt8(4) as keyof typeof LAYOUTS];
  if (header.readUInt32BE(0) !== MAGIC || !layout || header.readUInt8(5) !== 1) return false;
  const table =
    layout.word === 8 ? Number(header.readBigUInt64LE(layout.tableAt)) : header.readUInt32LE(layout.tableAt);
  const size = header.readUInt16LE(layout.entrySizeAt);
  const count = header.readUInt16LE(layout.countAt);
  const entries = await bytesAt(handle, table, size * count);
  const types = Array.from({ length: count }, (_, index) => entries.readUInt32LE(index * size));
  return count > 0 && !types.includes(PT_INTERP);
}

/** Throws where the file is shorter. */
async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new RangeError('the file ends before its header says');
  return buffer;
}
