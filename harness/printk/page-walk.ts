import { BadMemory, type MemoryReader } from './memory.ts';

/** The page tables of one kernel: 512 entries of 8 bytes each, pages of 4 KiB. */
export interface PageTables {
  /** Physical address of the highest table. */
  root: bigint;
  /** How many bits of an address are translated, which gives the levels. */
  bits: number;
  /** What the bits above those must be: for x86 copies of the highest of them, for arm64's kernel half ones. */
  above: 'copies' | 'ones';
  /** What an entry of a level is, the lowest being 1. */
  kindOf: (entry: bigint, level: number) => 'table' | 'page' | 'nothing';
  /** Where an entry has the address of what it leads to. */
  addressMask: bigint;
}

const PAGE_BITS = 12;
const TABLE_BITS = 9;

/** The physical address behind a virtual one of the kernel's half. Throws BadMemory for what isn't mapped. */
export async function walkTables(reader: MemoryReader, tables: PageTables, address: bigint): Promise<bigint> {
  const unmapped = () => new BadMemory(`the kernel address 0x${address.toString(16)} is not mapped`);
  const { bits, kindOf, addressMask } = tables;
  const translated = BigInt.asUintN(bits, address);
  const extended =
    tables.above === 'copies' ? BigInt.asIntN(bits, address) : translated - (1n << BigInt(bits));
  if (BigInt.asUintN(64, extended) !== address) throw unmapped();
  let table = tables.root;
  for (let level = Math.ceil((bits - PAGE_BITS) / TABLE_BITS); level >= 1; level--) {
    const shift = BigInt(PAGE_BITS + TABLE_BITS * (level - 1));
    const index = (translated >> shift) & 0x1ffn;
    const entry = await reader.word(table + index * 8n, `the level ${level} page table`);
    const kind = kindOf(entry, level);
    if (kind === 'nothing') throw unmapped();
    const offset = (1n << shift) - 1n;
    if (kind === 'page') return (entry & addressMask & ~offset) | (address & offset);
    table = entry & addressMask;
  }
  throw unmapped();
}
