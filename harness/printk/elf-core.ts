import { elfHeader, type ReadAt, viewOf } from './elf.ts';
import { BadMemory, type MemoryFailure, type PhysicalMemory, reading } from './memory.ts';
import { type DumpedKernel, findVmcoreInfo, MOST_FOUND, noteAt, type VmcoreInfo } from './vmcoreinfo.ts';

/** A piece of physical memory, where the file has it. */
interface Segment {
  address: bigint;
  offset: bigint;
  size: bigint;
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const CORE = 4;
const LOAD = 1;
const NOTE = 4;
/** More segments than e_phnum can say: section header 0 says how many. */
const MANY = 0xffff;
const MOST_SEGMENTS = 1 << 16;
const MOST_NOTES_BYTES = 16 * 1024 * 1024;

/**
 * Opens a dump of a kernel's memory as an ELF core file: `/proc/vmcore` copied, QEMU's `dump-guest-memory`, `makedumpfile
 * -E`. 64 bit, little-endian (System V gABI, chapters 4 and 5). A failure says what in it is not as it has to be.
 */
export async function openElfCore(read: ReadAt): Promise<DumpedKernel | MemoryFailure> {
  return reading(async () => {
    const { segments, notes } = await readProgramHeaders(read);
    const noted = await infoIn(notes, read);
    const infos = noted ? [noted] : await searchInfos(segments, read);
    if (infos.length === 0)
      throw new BadMemory(
        'it has no VMCOREINFO note, neither beside the memory nor in it: it is no kernel’s',
      );
    return { memory: memoryIn(segments, read), infos };
  });
}

async function readProgramHeaders(read: ReadAt): Promise<{ segments: Segment[]; notes: Segment[] }> {
  const header = await elfHeader(read);
  if (header.getUint16(16, true) !== CORE) throw new BadMemory('it is an ELF file, but no core dump');
  const count = await segmentCount(header, read);
  const size = header.getUint16(54, true);
  if (size !== PROGRAM_HEADER_BYTES) throw new BadMemory(`its program headers claim ${size} bytes each`);
  const table = await viewOf(read, header.getBigUint64(32, true), count * size, 'the table of segments');
  const segments: Segment[] = [];
  const notes: Segment[] = [];
  for (let at = 0; at < count * size; at += size) {
    const type = table.getUint32(at, true);
    const segment = {
      address: table.getBigUint64(at + 24, true),
      offset: table.getBigUint64(at + 8, true),
      size: table.getBigUint64(at + 32, true),
    };
    if (type === LOAD) segments.push(segment);
    if (type === NOTE) notes.push(segment);
  }
  return { segments, notes };
}

async function segmentCount(header: DataView, read: ReadAt): Promise<number> {
  const count = header.getUint16(56, true);
  if (count !== MANY) return count;
  const first = await viewOf(read, header.getBigUint64(40, true), HEADER_BYTES, 'the first section header');
  const many = first.getUint32(44, true);
  if (many > MOST_SEGMENTS) throw new BadMemory(`it claims ${many} segments`);
  return many;
}

async function infoIn(notes: readonly Segment[], read: ReadAt): Promise<VmcoreInfo | null> {
  for (const { offset, size } of notes) {
    if (size > MOST_NOTES_BYTES) throw new BadMemory(`its notes claim ${size} bytes`);
    const info = findVmcoreInfo(await viewOf(read, offset, Number(size), 'the notes'));
    if (info) return info;
  }
  return null;
}

const PIECE_BYTES = 4 * 1024 * 1024;

/** A hypervisor does not know where its guest's note lies: the kernel keeps it at the beginning of a page. */
async function searchInfos(segments: readonly Segment[], read: ReadAt): Promise<VmcoreInfo[]> {
  const found: VmcoreInfo[] = [];
  for (const { offset, size } of segments) {
    for (let at = 0n; at < size; at += BigInt(PIECE_BYTES)) {
      const length = Number(size - at < PIECE_BYTES ? size - at : PIECE_BYTES);
      const piece = await read(Number(offset + at), length);
      for (let page = 0; page + PAGE_BYTES <= piece.length; page += PAGE_BYTES) {
        const info = noteAt(piece.subarray(page, page + PAGE_BYTES));
        if (info) found.push(info);
        if (found.length === MOST_FOUND) return found;
      }
    }
  }
  return found;
}

const PAGE_BYTES = 4096;

function memoryIn(segments: readonly Segment[], read: ReadAt): PhysicalMemory {
  return {
    async read(address, length) {
      const whole = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const at = address + BigInt(done);
        const segment = segments.find((one) => at >= one.address && at < one.address + one.size);
        if (!segment) return null;
        const into = at - segment.address;
        const here = Math.min(length - done, Number(segment.size - into));
        const bytes = await read(Number(segment.offset + into), here);
        if (bytes.length < here) return null;
        whole.set(bytes, done);
        done += here;
      }
      return whole;
    },
  };
}
