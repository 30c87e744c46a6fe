import { arm64Translator } from './address-arm64.ts';
import { BadMemory, MemoryReader, type PhysicalMemory } from './memory.ts';
import { type PageTables, walkTables } from './page-walk.ts';
import type { VmcoreInfo } from './vmcoreinfo.ts';

/** From a kernel virtual address to a physical one; throws BadMemory for an address that isn't mapped. */
export type Translator = (address: bigint) => Promise<bigint>;

/** The translation of a guest's kernel, whose note tells its architecture: only arm64 has `kimage_voffset`. */
export function translator(memory: PhysicalMemory, info: VmcoreInfo): Translator {
  return info.numbers.has('kimage_voffset') ? arm64Translator(memory, info) : x86Translator(memory, info);
}

/** x86-64: the kernel image is mapped here (`__START_KERNEL_map`), shifted by `phys_base`. */
const KERNEL_MAP = 0xffffffff80000000n;
const MODULES_START = 0xffffffffc0000000n;
const PRESENT = 1n;
const HUGE = 1n << 7n;
const ADDRESS_BITS = 0x000ffffffffff000n;

/**
 * The kernel image by arithmetic, everything else (direct map, vmalloc, modules) by walking the page tables from
 * `init_top_pgt`, 4 or 5 levels (Intel SDM vol. 3, 4.5).
 */
function x86Translator(memory: PhysicalMemory, info: VmcoreInfo): Translator {
  const reader = new MemoryReader(memory);
  const physicalBase = info.numbers.get('phys_base') ?? 0n;
  const root = info.symbols.get('init_top_pgt') ?? info.symbols.get('swapper_pg_dir');
  const tables: Omit<PageTables, 'root'> = {
    bits: (info.numbers.get('pgtable_l5_enabled') ?? 0n) === 0n ? 48 : 57,
    above: 'copies',
    kindOf: (entry, level) => {
      if ((entry & PRESENT) === 0n) return 'nothing';
      return level === 1 || ((entry & HUGE) !== 0n && level <= 3) ? 'page' : 'table';
    },
    addressMask: ADDRESS_BITS,
  };
  return async (address) => {
    if (address >= KERNEL_MAP && address < MODULES_START) return address - KERNEL_MAP + physicalBase;
    if (root === undefined) throw new BadMemory('VMCOREINFO names no page table');
    return walkTables(reader, { ...tables, root: root - KERNEL_MAP + physicalBase }, address);
  };
}
