import { translator } from './address.ts';
import { ringLayout } from './layout.ts';
import { BadMemory, type MemoryFailure, MemoryReader, type PhysicalMemory, reading } from './memory.ts';
import { type RawRing, type RingContent, readRecords } from './records.ts';
import type { VmcoreInfo } from './vmcoreinfo.ts';

/** 2^25 descriptors and 2^31 bytes are the most that log_buf_len=2G gives; hostile values end here. */
const MOST_COUNT_BITS = 25;
const MOST_SIZE_BITS = 31;

/**
 * Reads the whole printk ring buffer of a guest, dead or alive (stop it first: a moving ring is torn).
 * A failure says what in the memory was not as it has to be; then there is no truth.
 */
export async function readRing(
  memory: PhysicalMemory,
  info: VmcoreInfo,
): Promise<RingContent | MemoryFailure> {
  return reading(async () => readRecords(await copyRing(memory, info)));
}

async function copyRing(memory: PhysicalMemory, info: VmcoreInfo): Promise<RawRing> {
  const layout = ringLayout(info);
  const reader = new MemoryReader(memory);
  const physical = translator(memory, info);
  const pointer = info.symbols.get('prb');
  if (pointer === undefined)
    throw new BadMemory('VMCOREINFO names no prb: this kernel has no printk ring buffer');
  const address = await reader.word(await physical(pointer), 'prb');
  const ring = await reader.bytes(await physical(address), layout.ringSize, 'the ring buffer’s head');
  const word = (offset: number) => ring.getBigUint64(offset, true);
  const bits = (offset: number, most: number, what: string) => {
    const value = Number(word(offset) & 0xffffffffn);
    if (value === 0 || value > most) throw new BadMemory(`the ring buffer claims 2^${value} ${what}`);
    return value;
  };
  const { descRing: desc, dataRing: data } = layout;
  const countBits = bits(layout.ring.descRing + desc.countBits, MOST_COUNT_BITS, 'descriptors');
  const sizeBits = bits(layout.ring.textRing + data.sizeBits, MOST_SIZE_BITS, 'bytes of text');
  const count = 2 ** countBits;
  const block = async (offset: number, length: number, what: string) =>
    reader.bytes(await physical(word(offset)), length, what);
  return {
    layout,
    count,
    headId: word(layout.ring.descRing + desc.headId),
    tailId: word(layout.ring.descRing + desc.tailId),
    descs: await block(layout.ring.descRing + desc.descs, count * layout.desc.size, 'the descriptors'),
    infos: await block(layout.ring.descRing + desc.infos, count * layout.info.size, 'the records’ infos'),
    text: await block(layout.ring.textRing + data.data, 2 ** sizeBits, 'the records’ text'),
  };
}
