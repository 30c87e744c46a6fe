import { bytesOf, toByteString } from './byte-string.ts';
import { type ReadAt, viewOf } from './elf.ts';
import { BadMemory, type MemoryFailure, type PhysicalMemory, reading } from './memory.ts';
import { type DumpedKernel, MOST_FOUND, noteAt, parseVmcoreInfo, type VmcoreInfo } from './vmcoreinfo.ts';

/** Unpacks a page that zlib packed; throws whatever it likes for one that it did not. */
export type Inflate = (packed: Uint8Array) => Uint8Array;

const SIGNATURE = 'KDUMP   ';
const HEADER_BYTES = 464;
const SUB_HEADER_BYTES = 104;
const DESCRIPTOR_BYTES = 24;
/** Of the header, which since this version has page frame numbers of 64 bit. */
const WIDE_NUMBERS = 6;
const BLOCK_BYTES = { least: 4096, most: 65_536 };
/** A bit for each page: 8 TiB of memory. */
const MOST_BITMAP_BYTES = 256 * 1024 * 1024;
const MOST_INFO_BYTES = 64 * 1024;
/** Of dump_level: pages full of zeros were left out. */
const WITHOUT_ZEROS = 1;
/** How a page is packed. */
const PACKED: Record<number, string> = { 2: 'lzo', 4: 'snappy', 0x20: 'zstd' };
const ZLIB = 1;
const PAGES_KEPT = 1024;

interface Layout {
  blockBytes: number;
  /** Frames below this are told of. */
  frames: number;
  /** Whether a frame that is there and not in the file was full of zeros. */
  withoutZeros: boolean;
  /** Of a frame whether there is memory, and whether the file has it. */
  present: Uint8Array;
  dumped: Uint8Array;
  descriptors: bigint;
  info: VmcoreInfo | null;
}

/**
 * Opens a dump in makedumpfile's compressed format, which QEMU writes as well: 64 bit, little-endian; its pages plain or
 * packed with zlib. Format: makedumpfile's IMPLEMENTATION and diskdump_mod.h. A failure says what in it is not as it has
 * to be.
 */
export async function openKdumpCore(read: ReadAt, inflate: Inflate): Promise<DumpedKernel | MemoryFailure> {
  return reading(async () => {
    const layout = await readLayout(read);
    const pages = new Pages(layout, read, inflate);
    const infos = layout.info ? [layout.info] : await searchInfos(layout, pages);
    if (infos.length === 0)
      throw new BadMemory('it has no VMCOREINFO note, neither beside the memory nor in it');
    return { memory: pages, infos };
  });
}

async function readLayout(read: ReadAt): Promise<Layout> {
  const header = await viewOf(read, 0n, HEADER_BYTES, 'its header');
  if (toByteString(bytesOf(header)).slice(0, SIGNATURE.length) !== SIGNATURE)
    throw new BadMemory('it is no dump of makedumpfile’s');
  const blockBytes = header.getUint32(428, true);
  if (
    blockBytes < BLOCK_BYTES.least ||
    blockBytes > BLOCK_BYTES.most ||
    (blockBytes & (blockBytes - 1)) !== 0
  )
    throw new BadMemory(`it claims blocks of ${blockBytes} bytes`);
  const block = BigInt(blockBytes);
  const sub = await viewOf(read, block, SUB_HEADER_BYTES, 'its second header');
  if (sub.getUint32(12, true) !== 0) throw new BadMemory('it is one part of a dump that was split');
  const bitmapBytes = (header.getUint32(436, true) * blockBytes) / 2;
  if (bitmapBytes > MOST_BITMAP_BYTES) throw new BadMemory(`it claims ${bitmapBytes} bytes of bits`);
  const bitmaps = block * BigInt(1 + header.getUint32(432, true));
  const frames =
    header.getUint32(8, true) >= WIDE_NUMBERS
      ? Number(sub.getBigUint64(96, true))
      : header.getUint32(440, true);
  return {
    blockBytes,
    frames: Math.min(frames, bitmapBytes * 8),
    withoutZeros: (sub.getUint32(8, true) & WITHOUT_ZEROS) !== 0,
    present: bytesOf(await viewOf(read, bitmaps, bitmapBytes, 'the table of its pages')),
    dumped: bytesOf(await viewOf(read, bitmaps + BigInt(bitmapBytes), bitmapBytes, 'the table of its pages')),
    descriptors: bitmaps + 2n * BigInt(bitmapBytes),
    info: await readInfo(sub, read),
  };
}

async function readInfo(sub: DataView, read: ReadAt): Promise<VmcoreInfo | null> {
  const [offset, size] = [sub.getBigUint64(32, true), sub.getBigUint64(40, true)];
  if (size === 0n) return null;
  if (size > MOST_INFO_BYTES) throw new BadMemory(`the VMCOREINFO note claims ${size} bytes`);
  return parseVmcoreInfo(
    toByteString(bytesOf(await viewOf(read, offset, Number(size), 'the VMCOREINFO note'))),
  );
}

/** A hypervisor does not know where its guest's note lies: the kernel keeps it at the beginning of a page. */
async function searchInfos({ frames, dumped, blockBytes }: Layout, pages: Pages): Promise<VmcoreInfo[]> {
  const found: VmcoreInfo[] = [];
  for (let frame = 0; frame < frames && found.length < MOST_FOUND; frame += 1) {
    if (!bit(dumped, frame)) continue;
    const page = await pages.read(BigInt(frame) * BigInt(blockBytes), blockBytes);
    const info = page && noteAt(page);
    if (info) found.push(info);
  }
  return found;
}

const bit = (bits: Uint8Array, at: number) => (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;

/** The pages of a dump; those that were read last are kept. */
class Pages implements PhysicalMemory {
  readonly #layout: Layout;
  readonly #read: ReadAt;
  readonly #inflate: Inflate;
  readonly #kept = new Map<number, Uint8Array>();
  /** How many pages before each run of frames the file has: of RUN frames each. */
  readonly #before: Uint32Array;

  constructor(layout: Layout, read: ReadAt, inflate: Inflate) {
    this.#layout = layout;
    this.#read = read;
    this.#inflate = inflate;
    this.#before = countBefore(layout.dumped);
  }

  async read(address: bigint, length: number): Promise<Uint8Array | null> {
    const { blockBytes } = this.#layout;
    const whole = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const at = address + BigInt(done);
      const page = await this.#page(Number(at / BigInt(blockBytes)));
      if (!page) return null;
      const from = Number(at % BigInt(blockBytes));
      const part = page.subarray(from, from + length - done);
      whole.set(part, done);
      done += part.length;
    }
    return whole;
  }

  async #page(frame: number): Promise<Uint8Array | null> {
    const { frames, present, dumped, withoutZeros, blockBytes } = this.#layout;
    const kept = this.#kept.get(frame);
    if (kept) return kept;
    if (frame >= frames || !bit(present, frame)) return null;
    // The kernel's own data is left out for no other reason.
    if (!bit(dumped, frame)) return withoutZeros ? new Uint8Array(blockBytes) : null;
    const page = await this.#unpack(frame);
    if (this.#kept.size >= PAGES_KEPT)
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    this.#kept.set(frame, page);
    return page;
  }

  async #unpack(frame: number): Promise<Uint8Array> {
    const { blockBytes, descriptors } = this.#layout;
    const what = `page ${frame}`;
    const place = descriptors + BigInt(this.#rank(frame) * DESCRIPTOR_BYTES);
    const descriptor = await viewOf(this.#read, place, DESCRIPTOR_BYTES, `the descriptor of ${what}`);
    const [size, flags] = [descriptor.getUint32(8, true), descriptor.getUint32(12, true)];
    if (size > blockBytes) throw new BadMemory(`${what} claims ${size} bytes`);
    const stored = bytesOf(await viewOf(this.#read, descriptor.getBigUint64(0, true), size, what));
    const packer = PACKED[flags];
    if (packer !== undefined) throw new BadMemory(`its pages are packed with ${packer}`);
    const page = flags === ZLIB ? inflated(stored, this.#inflate, what) : stored;
    if (page.length !== blockBytes) throw new BadMemory(`${what} has ${page.length} bytes`);
    return page;
  }

  /** How many of the frames before this one the file has. */
  #rank(frame: number): number {
    const run = Math.floor(frame / RUN);
    let rank = this.#before[run] ?? 0;
    for (let other = run * RUN; other < frame; other += 1) if (bit(this.#layout.dumped, other)) rank += 1;
    return rank;
  }
}

const RUN = 512;

function countBefore(bits: Uint8Array): Uint32Array {
  const before = new Uint32Array(Math.ceil((bits.length * 8) / RUN) + 1);
  let count = 0;
  for (const [at, byte] of bits.entries()) {
    if ((at * 8) % RUN === 0) before[(at * 8) / RUN] = count;
    for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  }
  return before;
}

function inflated(stored: Uint8Array, inflate: Inflate, what: string): Uint8Array {
  try {
    return inflate(stored);
  } catch {
    throw new BadMemory(`${what} can’t be unpacked`);
  }
}
