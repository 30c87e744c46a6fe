import { BadMemory, MemoryReader, type PhysicalMemory } from './memory.ts';
import type { VmcoreInfo } from './vmcoreinfo.ts';

/** x86-64: the kernel image is mapped here (`__START_KERNEL_map`), shifted by `phys_base`. */
const KERNEL_MAP = 0xffffffff80000000n;
const MODULES_START = 0xffffffffc0000000n;
const PRESENT = 1n;
const HUGE = 1n << 7n;
const ADDRESS_BITS = 0x000ffffffffff000n;

/**
 * Translates kernel virtual addresses of an x86-64 guest: the kernel image by arithmetic, everything else
 * (direct map, vmalloc, modules) by walking the page tables from `init_top_pgt`, 4 or 5 levels
 * (Intel SDM vol. 3, 4.5). Throws BadMemory for an address that isn't mapped.
 */
export function translator(memory: PhysicalMemory, info: VmcoreInfo): (address: bigint) => Promise<bigint> {
  const reader = new MemoryReader(memory);
  const physicalBase = info.numbers.get('phys_base') ?? 0n;
  const root = info.symbols.get('init_top_pgt') ?? info.symbols.get('swapper_pg_dir');
  const levels = (info.numbers.get('pgtable_l5_enabled') ?? 0n) === 0n ? 4 : 5;
  return async (address) => {
    if (address >= KERNEL_MAP && address < MODULES_START) return address - KERNEL_MAP + physicalBase;
    if (root === undefined) throw new BadMemory('VMCOREINFO names no page table');
    const unmapped = () => new BadMemory(`the kernel address 0x${address.toString(16)} is not mapped`);
    // The bits above those that are translated all equal the highest of them.
    if (BigInt.asUintN(64, BigInt.asIntN(12 + 9 * levels, address)) !== address) throw unmapped();
    let table = root - KERNEL_MAP + physicalBase;
    for (let level = levels; level >= 1; level--) {
      const shift = BigInt(12 + 9 * (level - 1));
      const index = (address >> shift) & 0x1ffn;
      const entry = await reader.word(table + index * 8n, `the level ${level} page table`);
      if ((entry & PRESENT) === 0n) throw unmapped();
      const leaf = level === 1 || ((entry & HUGE) !== 0n && level <= 3);
      const mask = (1n << shift) - 1n;
      if (leaf) return (entry & ADDRESS_BITS & ~mask) | (address & mask);
      table = entry & ADDRESS_BITS;
    }
    throw unmapped();
  };
}
