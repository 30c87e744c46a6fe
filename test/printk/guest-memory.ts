import type { PhysicalMemory } from '../../harness/printk/memory.ts';
import { bytes, type RingWriter } from './ring-writer.ts';

/** Where the guest's memory begins: nothing is mapped one to one, and pages of any size can begin here. */
export const RAM = 0x4000_0000n;
const KERNEL_MAP = 0xffffffff80000000n;
const KIB = 1024;

/** Memory that ends, and remembers what was asked of it. */
export class Ram implements PhysicalMemory {
  readonly bytes: Uint8Array;
  readonly asked: number[] = [];

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  read(address: bigint, length: number): Promise<Uint8Array | null> {
    this.asked.push(length);
    const start = Number(address - RAM);
    const there = start >= 0 && start + length <= this.bytes.length;
    return Promise.resolve(there ? this.bytes.slice(start, start + length) : null);
  }

  set(place: number, content: Uint8Array): void {
    this.bytes.set(content, place);
  }

  word(place: number, value: bigint): void {
    new DataView(this.bytes.buffer).setBigUint64(place, BigInt.asUintN(64, value), true);
  }
}

export type PageSize = '4 KiB' | '2 MiB' | '1 GiB';

/** Places of the parts, in bytes from the beginning of RAM. */
export const PLACES = { note: 0x1000, tables: 0x10000, pointer: 0x20000, ring: 0x20100, descs: 0x21000 };

export interface GuestOptions {
  /** A buffer in the direct map, through page tables; without, it is in the kernel image. */
  directMap?: { levels: 4 | 5; page: PageSize };
  /** May be negative. */
  physicalBase?: bigint;
  /** Other values for lines of the note; null leaves one out. */
  note?: Record<string, string | null>;
}

export interface SyntheticGuest {
  memory: Ram;
  note: { address: bigint; size: number };
  places: typeof PLACES & { infos: number; text: number; end: number };
}

const align = (place: number) => Math.ceil(place / 64) * 64;

/** A guest's memory with all that leads to its ring buffer, and the ring itself. */
export function guestWith(ring: RingWriter, options: GuestOptions = {}): SyntheticGuest {
  const { physicalBase = RAM - 0x1000000n, directMap } = options;
  const infos = align(PLACES.descs + ring.descs.length);
  const text = align(infos + ring.infos.length);
  const end = text + ring.text.length;
  const memory = new Ram(Math.max(256 * KIB, align(end)));
  const inImage = (place: number) => KERNEL_MAP + BigInt(place) + RAM - physicalBase;
  const start = directMap?.levels === 5 ? 0xff11000000000000n : 0xffff888000000000n;
  const address = (place: number) => (directMap ? start + RAM + BigInt(place) : inImage(place));

  memory.word(PLACES.pointer, address(PLACES.ring));
  const { ring: head } = PLACES;
  memory.word(head, BigInt(Math.log2(ring.count)));
  memory.word(head + 8, address(PLACES.descs));
  memory.word(head + 16, address(infos));
  memory.word(head + 24, ring.headId);
  memory.word(head + 32, ring.tailId);
  // The upper half is padding, and padding may hold anything.
  memory.word(head + 40, BigInt(Math.log2(ring.size)) | (0xdeadn << 32n));
  memory.word(head + 48, address(text));
  memory.set(PLACES.descs, ring.descs);
  memory.set(infos, ring.infos);
  memory.set(text, ring.text);
  if (directMap) mapAll(memory, { ...directMap, start: start + RAM });

  const root = inImage(PLACES.tables);
  const note = renderNote(
    noteText({
      'SYMBOL(prb)': inImage(PLACES.pointer).toString(16),
      'SYMBOL(init_top_pgt)': root.toString(16),
      'NUMBER(phys_base)': String(physicalBase),
      'NUMBER(pgtable_l5_enabled)': directMap?.levels === 5 ? '1' : '0',
      ...options.note,
    }),
  );
  memory.set(PLACES.note, note);
  return {
    memory,
    note: { address: RAM + BigInt(PLACES.note), size: note.length },
    places: { ...PLACES, infos, text, end },
  };
}

// Present, writable, accessed, dirty, and "no execute".
const FLAGS = 0x63n | (1n << 63n);
/** Of a large page: its size bit, and the bit of its memory type, which lies where a small one has its address. */
const LARGE = (1n << 7n) | (1n << 12n);
const SHIFTS: Record<PageSize, { level: number; bytes: bigint }> = {
  '4 KiB': { level: 1, bytes: 1n << 12n },
  '2 MiB': { level: 2, bytes: 1n << 21n },
  '1 GiB': { level: 3, bytes: 1n << 30n },
};

/** Maps all RAM to `start`. */
function mapAll(
  memory: Ram,
  { levels, page, start }: { levels: number; page: PageSize; start: bigint },
): void {
  const { level: lowest, bytes: size } = SHIFTS[page];
  const table = () => (free += 4096) - 4096;
  let free = PLACES.tables;
  const root = table();
  const below = new Map<number, number>();
  for (let offset = 0n; offset < BigInt(memory.bytes.length); offset += size) {
    let at = root;
    for (let level = levels; ; level--) {
      const entry = at + Number(((start + offset) >> BigInt(12 + 9 * (level - 1))) & 0x1ffn) * 8;
      if (level === lowest) {
        memory.word(entry, (RAM + offset) | FLAGS | (level > 1 ? LARGE : 0n));
        break;
      }
      at = below.get(entry) ?? table();
      below.set(entry, at);
      memory.word(entry, (RAM + BigInt(at)) | FLAGS);
    }
  }
}

const LINES: Record<string, string> = {
  OSRELEASE: '6.12.0-test',
  'BUILD-ID': '0123456789abcdef',
  PAGESIZE: '4096',
  'SIZE(printk_ringbuffer)': '80',
  'OFFSET(printk_ringbuffer.desc_ring)': '0',
  'OFFSET(printk_ringbuffer.text_data_ring)': '40',
  'OFFSET(printk_ringbuffer.fail)': '72',
  'SIZE(prb_desc_ring)': '40',
  'OFFSET(prb_desc_ring.count_bits)': '0',
  'OFFSET(prb_desc_ring.descs)': '8',
  'OFFSET(prb_desc_ring.infos)': '16',
  'OFFSET(prb_desc_ring.head_id)': '24',
  'OFFSET(prb_desc_ring.tail_id)': '32',
  'SIZE(prb_desc)': '24',
  'OFFSET(prb_desc.state_var)': '0',
  'OFFSET(prb_desc.text_blk_lpos)': '8',
  'SIZE(prb_data_blk_lpos)': '16',
  'OFFSET(prb_data_blk_lpos.begin)': '0',
  'OFFSET(prb_data_blk_lpos.next)': '8',
  'SIZE(printk_info)': '88',
  'OFFSET(printk_info.seq)': '0',
  'OFFSET(printk_info.ts_nsec)': '8',
  'OFFSET(printk_info.text_len)': '16',
  'OFFSET(printk_info.caller_id)': '20',
  'OFFSET(printk_info.dev_info)': '24',
  'SIZE(dev_printk_info)': '64',
  'OFFSET(dev_printk_info.subsystem)': '0',
  'LENGTH(printk_info_subsystem)': '16',
  'OFFSET(dev_printk_info.device)': '16',
  'LENGTH(printk_info_device)': '48',
  'SIZE(prb_data_ring)': '32',
  'OFFSET(prb_data_ring.size_bits)': '0',
  'OFFSET(prb_data_ring.data)': '8',
  KERNELOFFSET: '1a000000',
};

/** The text of a kernel's VMCOREINFO. */
export function noteText(changes: Record<string, string | null> = {}): string {
  return Object.entries({ ...LINES, ...changes })
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** The ELF note around it, with room behind it as the kernel leaves it. */
export function renderNote(text: string, name = 'VMCOREINFO\0'): Uint8Array {
  const padded = Math.ceil(name.length / 4) * 4;
  const note = new Uint8Array(12 + padded + text.length + 64);
  const view = new DataView(note.buffer);
  view.setUint32(0, name.length, true);
  view.setUint32(4, text.length, true);
  note.set(bytes(name), 12);
  note.set(bytes(text), 12 + padded);
  return note;
}
