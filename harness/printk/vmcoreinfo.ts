import { bytesOf, toByteString } from './byte-string.ts';
import { BadMemory, type MemoryFailure, MemoryReader, type PhysicalMemory, reading } from './memory.ts';

/**
 * What a kernel says about its own memory for whoever reads it after death: the VMCOREINFO ELF note.
 * Format: Linux Documentation/admin-guide/kdump/vmcoreinfo.rst.
 */
export interface VmcoreInfo {
  release: string;
  /** Virtual addresses. */
  symbols: Map<string, bigint>;
  /** Byte offsets of `struct.member`. */
  offsets: Map<string, number>;
  /** Bytes. */
  sizes: Map<string, number>;
  /** Elements of an array. */
  lengths: Map<string, number>;
  numbers: Map<string, bigint>;
  /** Bytes; null where the note doesn't say. */
  pageSize: bigint | null;
  /** KASLR's shift of the kernel image. */
  kernelOffset: bigint;
}

/** A kernel's memory in a file, and what the kernel says about it. */
export interface DumpedKernel {
  memory: PhysicalMemory;
  /** One, where the file has its note; where not, those that were found in the memory: at least one. */
  infos: VmcoreInfo[];
}

/** Sizes of name and description, and the type, before the name; bytes. */
const NOTE_HEADER = 12;
const NOTE_NAME = 'VMCOREINFO\0';
/** Name and description are padded to this. */
const NOTE_ALIGNMENT = 4;
const LARGEST_NOTE = 64 * 1024;
/** Decimal, or as some of arm64's are, hexadecimal with its prefix. */
const NUMBER = /^(?:-?\d{1,20}|0x[\da-f]{1,16})$/;

/** Reads the note at the address and size that the guest's /sys/kernel/vmcoreinfo gives. */
export async function readVmcoreInfo(
  memory: PhysicalMemory,
  address: bigint,
  size: number,
): Promise<VmcoreInfo | MemoryFailure> {
  return reading(async () => {
    if (!(size >= NOTE_HEADER && size <= LARGEST_NOTE))
      throw new BadMemory(`the VMCOREINFO note claims ${size} bytes`);
    const view = await new MemoryReader(memory).bytes(address, size, 'the VMCOREINFO note');
    const note = toByteString(bytesOf(view));
    const nameSize = view.getUint32(0, true);
    const descriptionSize = view.getUint32(4, true);
    const start = NOTE_HEADER + padded(nameSize);
    if (start + descriptionSize > size) throw new BadMemory('the VMCOREINFO note is longer than its place');
    if (note.slice(NOTE_HEADER, NOTE_HEADER + nameSize) !== NOTE_NAME)
      throw new BadMemory('there is no VMCOREINFO note where the guest said it was');
    return parseVmcoreInfo(note.slice(start, start + descriptionSize));
  });
}

const padded = (size: number) => Math.ceil(size / NOTE_ALIGNMENT) * NOTE_ALIGNMENT;

/** The note among others, as an ELF file has them one behind the other; null where it is not. Throws BadMemory. */
export function findVmcoreInfo(notes: DataView): VmcoreInfo | null {
  const text = toByteString(bytesOf(notes));
  let at = 0;
  while (at + NOTE_HEADER <= text.length) {
    const nameSize = notes.getUint32(at, true);
    const descriptionSize = notes.getUint32(at + 4, true);
    const name = at + NOTE_HEADER;
    const description = name + padded(nameSize);
    if (text.slice(name, name + nameSize) === NOTE_NAME)
      return parseVmcoreInfo(text.slice(description, description + descriptionSize));
    at = description + padded(descriptionSize);
  }
  return null;
}

/** Notes in one memory: a kernel that was started by another's kexec may find that one's as well. */
export const MOST_FOUND = 8;
const NOTE_SIGN = new TextEncoder().encode('VMCOREINFO');

/** The note that a kernel keeps at the beginning of this page of its memory; null where it is not. */
export function noteAt(page: Uint8Array): VmcoreInfo | null {
  if (!NOTE_SIGN.every((byte, at) => page[NOTE_HEADER + at] === byte)) return null;
  try {
    return findVmcoreInfo(new DataView(page.buffer, page.byteOffset, page.byteLength));
  } catch (error) {
    if (error instanceof BadMemory) return null;
    throw error;
  }
}

/** Parses the note's text, a byte string. A note without OSRELEASE is none; throws BadMemory. */
export function parseVmcoreInfo(text: string): VmcoreInfo {
  const info: VmcoreInfo = {
    release: '',
    symbols: new Map(),
    offsets: new Map(),
    sizes: new Map(),
    lengths: new Map(),
    numbers: new Map(),
    pageSize: null,
    kernelOffset: 0n,
  };
  for (const line of text.split('\n')) {
    const [, key = '', name = '', value = ''] = /^(\w+)(?:\(([^)]*)\))?=(.*)$/.exec(line) ?? [];
    if (key === 'OSRELEASE') info.release = value;
    else if (key === 'KERNELOFFSET') info.kernelOffset = hexadecimal(value);
    else if (key === 'SYMBOL') info.symbols.set(name, hexadecimal(value));
    else if (key === 'OFFSET') info.offsets.set(name, decimal(value));
    else if (key === 'SIZE') info.sizes.set(name, decimal(value));
    else if (key === 'LENGTH') info.lengths.set(name, decimal(value));
    else if (key === 'NUMBER' && NUMBER.test(value)) info.numbers.set(name, BigInt(value));
    else if (key === 'PAGESIZE') info.pageSize = BigInt(decimal(value));
  }
  if (!info.release) throw new BadMemory('there is no VMCOREINFO text where the guest said it was');
  return info;
}

function hexadecimal(text: string): bigint {
  if (!/^[0-9a-f]{1,16}$/i.test(text))
    throw new BadMemory(`VMCOREINFO has the address "${text.slice(0, 40)}"`);
  return BigInt(`0x${text}`);
}

function decimal(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new BadMemory(`VMCOREINFO has the number "${text.slice(0, 40)}"`);
  return Number(text);
}
