import { BadMemory, MemoryReader, type PhysicalMemory } from './memory.ts';
import { type PageTables, walkTables } from './page-walk.ts';
import type { VmcoreInfo } from './vmcoreinfo.ts';

/** Of a descriptor (Arm ARM D8.3): in use; and a table, or at the lowest level a page, instead of a block. */
const VALID = 1n;
const TABLE = 2n;
/** A descriptor's output address, for physical addresses of up to 48 bits. */
const ADDRESS_BITS = 0x0000fffffffff000n;
const PAGE_SIZE = 4096n;
/** Where TTBR1's half of the addresses begins is 2^64 less this many bits; Linux uses 39 … 52 with 4 KiB pages. */
const VIRTUAL_BITS = { least: 31n, most: 52n };

/**
 * Translates kernel virtual addresses of an arm64 guest with pages of 4 KiB. Everything goes through the page tables at
 * `swapper_pg_dir`: with KASLR image, modules and vmalloc lie in one area, and no note says where the image ends.
 * The root alone is found by arithmetic, `kimage_voffset` being the image's virtual less its physical address
 * (Linux arch/arm64/kernel/vmcore_info.c). Throws BadMemory for an address that isn't mapped.
 */
export function arm64Translator(
  memory: PhysicalMemory,
  info: VmcoreInfo,
): (address: bigint) => Promise<bigint> {
  const reader = new MemoryReader(memory);
  return async (address) => walkTables(reader, tablesOf(info), address);
}

function tablesOf(info: VmcoreInfo): PageTables {
  const root = info.symbols.get('swapper_pg_dir');
  const imageOffset = info.numbers.get('kimage_voffset');
  if (root === undefined || imageOffset === undefined) throw new BadMemory('VMCOREINFO names no page table');
  const pageSize = info.pageSize ?? PAGE_SIZE;
  if (pageSize !== PAGE_SIZE)
    throw new BadMemory(`this kernel has pages of ${pageSize} bytes: crashlab reads those of ${PAGE_SIZE}`);
  return {
    root: BigInt.asUintN(64, root - imageOffset),
    bits: bitsOf(info),
    above: 'ones',
    kindOf: (entry, level) => {
      if ((entry & VALID) === 0n) return 'nothing';
      if ((entry & TABLE) !== 0n) return level === 1 ? 'page' : 'table';
      // A block: of 2 MiB or 1 GiB, and with 52 bits of 512 GiB; there is none at the lowest level.
      return level === 1 ? 'nothing' : 'page';
    },
    addressMask: ADDRESS_BITS,
  };
}

/** As the processor had it: a kernel built for 52 bits runs with 48 where it must. */
function bitsOf({ numbers }: VmcoreInfo): number {
  const unused = numbers.get('TCR_EL1_T1SZ') ?? numbers.get('tcr_el1_t1sz');
  const bits = unused === undefined ? numbers.get('VA_BITS') : 64n - unused;
  if (bits === undefined || bits < VIRTUAL_BITS.least || bits > VIRTUAL_BITS.most)
    throw new BadMemory('VMCOREINFO says nothing usable of the size of kernel addresses');
  return Number(bits);
}
