import { describe, expect, test } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import type { KernelView } from '../../harness/guest/kernel-view.ts';
import type { Run } from '../../harness/lab/record.ts';
import { translator } from '../../harness/printk/address.ts';
import { ringLayout } from '../../harness/printk/layout.ts';
import { MemoryReader } from '../../harness/printk/memory.ts';
import { panicking } from './panicking.ts';

/** A part of the ring buffer: its address, as the kernel has it, and its bytes. */
async function partOfRing({ memory }: Guest, kernel: KernelView, part: 'descs' | 'infos' | 'text') {
  const info = await kernel.vmcoreInfo(memory);
  const { ring, descRing, dataRing, desc, info: record } = ringLayout(info);
  const physical = translator(memory, info);
  const reader = new MemoryReader(memory);
  const head = await reader.word(await physical(info.symbols.get('prb') ?? 0n), 'prb');
  const word = async (offset: number) => reader.word(await physical(head + BigInt(offset)), 'the head');
  const power = async (offset: number) => 2 ** Number((await word(offset)) & 0xffff_ffffn);
  const [address, bytes] =
    part === 'text'
      ? [await word(ring.textRing + dataRing.data), await power(ring.textRing + dataRing.sizeBits)]
      : [
          await word(ring.descRing + descRing[part]),
          (await power(ring.descRing + descRing.countBits)) * (part === 'descs' ? desc.size : record.size),
        ];
  return { address, bytes };
}

/** What a run without proof came to. */
const finding = (run: Run) => (run.outcome === 'verdict' ? run.wire.status : run.reason.code);

describe('a ring buffer that is overwritten after the death', () => {
  test.each([
    ['descs', 0x00, 'undecidable'],
    ['descs', 0xff, 'RING_UNREADABLE'],
    ['descs', 0xa5, 'RING_UNREADABLE'],
    ['infos', 0x00, 'RING_UNREADABLE'],
    ['infos', 0xff, 'RING_UNREADABLE'],
    ['infos', 0xa5, 'RING_UNREADABLE'],
    ['text', 0x00, 'RING_UNREADABLE'],
    ['text', 0xff, 'RING_UNREADABLE'],
  ] as const)('its %s with %i: %s, never complete', async (part, byte, found) => {
    const run = await panicking(async (guest, kernel, panic) => {
      await panic();
      await guest.qemu.gdb.halt();
      const { address, bytes } = await partOfRing(guest, kernel, part);
      await guest.qemu.gdb.writeMemory(address, new Uint8Array(bytes).fill(byte));
    });
    expect([finding(run), run.expected]).toEqual([found, false]);
  });
});
