import { describe, expect, test } from 'vitest';
import { translator } from '../../harness/printk/address.ts';
import { parseVmcoreInfo } from '../../harness/printk/vmcoreinfo.ts';
import { guestWith, noteText, type PageSize, PLACES, RAM, Ram } from './guest-memory.ts';
import { contentOf, failureOf, numbered, ringOf } from './read.ts';

const LEVELS = [4, 5] as const;
const PAGES: PageSize[] = ['4 KiB', '2 MiB', '1 GiB'];
const WAYS = LEVELS.flatMap((levels) => PAGES.map((page) => ({ levels, page })));

describe('a buffer in the direct map', () => {
  test.each(WAYS)('is found through $levels levels of tables and pages of $page', async (directMap) => {
    const ring = ringOf(numbered(0, 30), { countBits: 5, sizeBits: 12 });
    const { records } = await contentOf(ring, { directMap });
    expect(records.map(({ text }) => text)).toEqual(numbered(0, 30));
  });

  test.each(LEVELS)('that no page of %i levels maps is a failure that names its address', async (levels) => {
    const guest = guestWith(ringOf(['a']), { directMap: { levels, page: '4 KiB' } });
    guest.memory.bytes.fill(0, PLACES.tables, PLACES.tables + 4096);
    expect(await failureOf(guest)).toMatch(/^the kernel address 0xff[\da-f]{14} is not mapped$/);
  });

  test('whose page tables lie outside the memory is a failure', async () => {
    const note = { 'SYMBOL(init_top_pgt)': 'ffffffffbff00000' };
    const guest = guestWith(ringOf(['a']), { directMap: { levels: 4, page: '2 MiB' }, note });
    expect(await failureOf(guest)).toMatch(/^the level 4 page table lies outside the guest’s memory/);
  });

  test('needs page tables, under one name or the other', async () => {
    const directMap = { levels: 4, page: '2 MiB' } as const;
    const none = { 'SYMBOL(init_top_pgt)': null };
    expect(await failureOf(guestWith(ringOf(['a']), { directMap, note: none }))).toBe(
      'VMCOREINFO names no page table',
    );
    const root = (0xffffffff80000000n + BigInt(PLACES.tables) + 0x1000000n).toString(16);
    const other = { ...none, 'SYMBOL(swapper_pg_dir)': root };
    expect((await contentOf(ringOf(['a']), { directMap, note: other })).records).toHaveLength(1);
  });
});

describe('a buffer in the kernel image', () => {
  test.each([RAM, RAM - 0x1000000n, RAM - 0x30000000n])(
    'is found by arithmetic where phys_base is %i',
    async (physicalBase) => {
      expect((await contentOf(ringOf(['a']), { physicalBase })).records).toHaveLength(1);
    },
  );
});

const info = (root: bigint, levels: number) =>
  parseVmcoreInfo(
    noteText({
      'NUMBER(phys_base)': String(RAM),
      'NUMBER(pgtable_l5_enabled)': levels === 5 ? '1' : '0',
      'SYMBOL(init_top_pgt)': (0xffffffff80000000n + root).toString(16),
    }),
  );

describe('a translation', () => {
  test('of the kernel image works with a negative phys_base, which KASLR gives', async () => {
    const physical = translator(new Ram(0), parseVmcoreInfo(noteText({ 'NUMBER(phys_base)': '-33554432' })));
    expect(await physical(0xffffffff83000123n)).toBe(0x1000123n);
  });

  test('of a module’s address goes through the tables', async () => {
    const memory = new Ram(8192);
    await expect(translator(memory, info(0n, 4))(0xffffffffc0000000n)).rejects.toThrow('is not mapped');
  });

  test.each(LEVELS)('of %i levels ends on a table that points to itself', async (levels) => {
    const memory = new Ram(8192);
    for (let entry = 0; entry < 512; entry++) memory.word(entry * 8, RAM | 1n);
    const physical = translator(memory, info(0n, levels));
    expect(await physical(0xffff888012345678n)).toBe(RAM + 0x678n);
    expect(memory.asked).toHaveLength(levels);
  });

  test('takes the size bit of the highest tables for nothing', async () => {
    const memory = new Ram(8192);
    for (let entry = 0; entry < 512; entry++) memory.word(entry * 8, RAM | 0x81n);
    // Level 4 cannot be a page; level 3 is one of 1 GiB.
    expect(await translator(memory, info(0n, 4))(0xffff888012345678n)).toBe(RAM + 0x12345678n);
  });

  test.each([
    [4, 0x0000_9880_0000_0000n],
    [4, 0xff11_0000_0000_0000n],
    [5, 0x0f11_0000_0000_0000n],
  ])('of %i levels refuses an address that no processor would take', async (levels, address) => {
    const memory = new Ram(8192);
    for (let entry = 0; entry < 512; entry++) memory.word(entry * 8, RAM | 1n);
    await expect(translator(memory, info(0n, levels))(address)).rejects.toThrow('is not mapped');
  });
});
