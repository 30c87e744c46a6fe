import { describe, expect, test } from 'vitest';
import { translator } from '../../harness/printk/address.ts';
import { parseVmcoreInfo } from '../../harness/printk/vmcoreinfo.ts';
import { noteText, RAM, Ram } from './guest-memory.ts';

/** The image's virtual address less its physical one, as one guest of 6.12 had it, and its root table. */
const IMAGE_OFFSET = 0xffff_bc86_4000_0000n;
const ROOT = 0x1000;
const VALID = 1n;
const TABLE = 3n;
/** What is mapped is in use, shared, accessed and not executable for user space; none of it is part of the address. */
const ATTRIBUTES = (3n << 8n) | (1n << 10n) | (1n << 54n) | (1n << 53n);

function arm64(note: Record<string, string | null> = {}) {
  return parseVmcoreInfo(
    noteText({
      'NUMBER(VA_BITS)': '48',
      'NUMBER(kimage_voffset)': `0x${IMAGE_OFFSET.toString(16)}`,
      'NUMBER(PHYS_OFFSET)': '0x40000000',
      'NUMBER(TCR_EL1_T1SZ)': '0x10',
      'SYMBOL(swapper_pg_dir)': (IMAGE_OFFSET + RAM + BigInt(ROOT)).toString(16),
      ...note,
    }),
  );
}

/** Memory in which `address` is mapped to `target` through tables, the last entry standing at `depth` of them. */
function mapped(
  address: bigint,
  options: { levels: number; depth: number; entry: bigint; bits?: number },
): Ram {
  const { levels, depth, entry, bits = 48 } = options;
  const memory = new Ram(64 * 1024);
  for (let at = 0; at < depth; at++) {
    const shift = BigInt(12 + 9 * (levels - 1 - at));
    const index = Number((BigInt.asUintN(bits, address) >> shift) & 0x1ffn);
    const place = ROOT + at * 0x1000;
    const next = (RAM + BigInt(place + 0x1000)) | TABLE;
    memory.word(place + index * 8, at === depth - 1 ? entry : next);
  }
  return memory;
}

describe('a translation on arm64', () => {
  const address = 0xffff_bc86_81f2_3456n;

  test.each([
    ['a page of 4 KiB', 4, RAM | TABLE | ATTRIBUTES, RAM + 0x456n],
    ['a block of 2 MiB', 3, RAM | VALID | ATTRIBUTES, RAM + 0x12_3456n],
    ['a block of 1 GiB', 2, RAM | VALID | ATTRIBUTES, RAM + 0x1f2_3456n],
  ])('ends at %s', async (_, depth, entry, expected) => {
    const memory = mapped(address, { levels: 4, depth, entry });
    expect(await translator(memory, arm64())(address)).toBe(expected);
  });

  test('takes the linear map, which lies in the lower half of the kernel’s addresses', async () => {
    const linear = 0xffff_152b_4b30_0456n;
    const memory = mapped(linear, { levels: 4, depth: 4, entry: RAM | TABLE | ATTRIBUTES });
    expect(await translator(memory, arm64())(linear)).toBe(RAM + 0x456n);
  });

  test.each([
    ['48 of the 52 bits it was built for', 4, { 'NUMBER(VA_BITS)': '52' }, 48],
    ['52 bits', 5, { 'NUMBER(VA_BITS)': '52', 'NUMBER(TCR_EL1_T1SZ)': '0xc' }, 52],
    ['39 bits', 3, { 'NUMBER(VA_BITS)': '39', 'NUMBER(TCR_EL1_T1SZ)': '0x19' }, 39],
    ['the older note', 4, { 'NUMBER(TCR_EL1_T1SZ)': null, 'NUMBER(tcr_el1_t1sz)': '0x10' }, 48],
    ['no size of the processor’s', 4, { 'NUMBER(TCR_EL1_T1SZ)': null }, 48],
  ])('goes through as many tables as there are with %s', async (_, levels, note, bits) => {
    const high = 0xffff_ffe6_81f2_3456n;
    const memory = mapped(high, { levels, depth: levels, entry: RAM | TABLE | ATTRIBUTES, bits });
    expect(await translator(memory, arm64(note))(high)).toBe(RAM + 0x456n);
    expect(memory.asked).toHaveLength(levels);
  });

  test.each([
    ['an entry that is not in use', 4, RAM | 2n],
    ['a block where only pages can be', 4, RAM | VALID],
  ])('refuses %s', async (_, depth, entry) => {
    const memory = mapped(address, { levels: 4, depth, entry });
    await expect(translator(memory, arm64())(address)).rejects.toThrow('0xffffbc8681f23456 is not mapped');
  });

  test.each([
    [{ PAGESIZE: '16384' }, 'pages of 16384 bytes'],
    [{ 'SYMBOL(swapper_pg_dir)': null }, 'names no page table'],
    [{ 'NUMBER(TCR_EL1_T1SZ)': '0x3f' }, 'size of kernel addresses'],
    [{ 'NUMBER(TCR_EL1_T1SZ)': null, 'NUMBER(VA_BITS)': null }, 'size of kernel addresses'],
  ])('of a kernel with %j is a failure', async (note, words) => {
    await expect(translator(new Ram(64 * 1024), arm64(note))(address)).rejects.toThrow(words);
  });

  test.each([0x0000_152b_4b30_0456n, 0xfffe_152b_4b30_0456n, 0x152b_4b30_0456n, 0n])(
    'refuses 0x%s, which is none of the kernel’s',
    async (other) => {
      const memory = mapped(other, { levels: 4, depth: 4, entry: RAM | TABLE | ATTRIBUTES });
      await expect(translator(memory, arm64())(other)).rejects.toThrow('is not mapped');
    },
  );
});
