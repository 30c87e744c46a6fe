import { elfHeader, type ReadAt, viewOf } from '../printk/elf.ts';
import { BadMemory, type MemoryFailure, reading } from '../printk/memory.ts';

/** A function in an ELF file; its size in bytes. */
export interface ElfSymbol {
  address: bigint;
  size: number;
}

const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const SYMBOL_TABLE = 2;
const FUNCTION = 2;
/** The largest kernels have some tens of MiB of either. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Functions of an ELF file by name, which more than one may have (System V gABI, chapter 4). */
export async function readElfSymbols(read: ReadAt): Promise<Map<string, ElfSymbol[]> | MemoryFailure> {
  return reading(async () => {
    const header = await elfHeader(read);
    const count = header.getUint16(60, true);
    const sections = await viewOf(
      read,
      header.getBigUint64(40, true),
      count * SECTION_BYTES,
      'the table of sections',
    );
    const places = Array.from({ length: count }, (_, index) => index * SECTION_BYTES);
    const table = places.find((at) => sections.getUint32(at + 4, true) === SYMBOL_TABLE);
    const strings = table === undefined ? undefined : places[sections.getUint32(table + 40, true)];
    if (table === undefined || strings === undefined)
      throw new BadMemory('it has no symbols: it was stripped of them');
    const section = (at: number, what: string) => {
      const size = sections.getBigUint64(at + 32, true);
      if (size > MOST_BYTES) throw new BadMemory(`${what} claims ${size} bytes`);
      return viewOf(read, sections.getBigUint64(at + 24, true), Number(size), what);
    };
    return functionsIn(await section(table, 'its symbols'), await section(strings, 'its names'));
  });
}

function functionsIn(symbols: DataView, strings: DataView): Map<string, ElfSymbol[]> {
  const names = new Uint8Array(strings.buffer, strings.byteOffset, strings.byteLength);
  const text = new TextDecoder('latin1');
  const found = new Map<string, ElfSymbol[]>();
  for (let at = 0; at + SYMBOL_BYTES <= symbols.byteLength; at += SYMBOL_BYTES) {
    if ((symbols.getUint8(at + 4) & 0xf) !== FUNCTION) continue;
    const start = symbols.getUint32(at, true);
    const end = names.indexOf(0, start);
    const name = text.decode(names.subarray(start, end === -1 ? undefined : end));
    const symbol = {
      address: symbols.getBigUint64(at + 8, true),
      size: Number(symbols.getBigUint64(at + 16, true)),
    };
    found.set(name, [...(found.get(name) ?? []), symbol]);
  }
  return found;
}
