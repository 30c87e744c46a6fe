import { translator } from '../printk/address.ts';
import {
  BadMemory,
  type MemoryFailure,
  MemoryReader,
  type PhysicalMemory,
  reading,
} from '../printk/memory.ts';
import type { VmcoreInfo } from '../printk/vmcoreinfo.ts';
import { expandNames, readTokens, TOKEN_INDEX_SIZE, TOKEN_TABLE_SIZE } from './names.ts';

/** A symbol of the kernel image: virtual address and nm(1)-style type letter. */
export interface KernelSymbol {
  name: string;
  type: string;
  address: bigint;
  /** Absent for the kernel image. */
  module?: string;
}

const MOST_SYMBOLS = 4_000_000;
/** The longest name with its length, and what else stands between the names and the tokens. */
const MOST_BYTES_PER_SYMBOL = 528;

/**
 * The kernel's own symbol table, read from guest memory through VMCOREINFO (Linux ≥ 6.0): compressed names
 * (scripts/kallsyms.c: length, then indices into a table of 256 tokens; the first character is the type) and
 * 32-bit offsets. How offsets are meant changed over the years, so it is found out: `_stext` must come out as
 * VMCOREINFO says it is.
 */
export async function readKallsyms(
  memory: PhysicalMemory,
  info: VmcoreInfo,
): Promise<KernelSymbol[] | MemoryFailure> {
  return reading(async () => {
    const reader = new MemoryReader(memory);
    const physical = translator(memory, info);
    const at = async (name: string) => {
      const address = info.symbols.get(name);
      if (address === undefined) throw new BadMemory(`VMCOREINFO names no ${name}`);
      return physical(address);
    };
    const count = (await reader.bytes(await at('kallsyms_num_syms'), 4, 'kallsyms_num_syms')).getUint32(
      0,
      true,
    );
    if (count === 0 || count > MOST_SYMBOLS) throw new BadMemory(`kallsyms claims ${count} symbols`);
    const tokens = readTokens(
      await reader.bytes(await at('kallsyms_token_table'), TOKEN_TABLE_SIZE, 'kallsyms_token_table'),
      await reader.bytes(await at('kallsyms_token_index'), TOKEN_INDEX_SIZE, 'kallsyms_token_index'),
    );
    const names = await reader.bytes(await at('kallsyms_names'), namesSize(info, count), 'kallsyms_names');
    const offsets = await reader.bytes(await at('kallsyms_offsets'), count * 4, 'kallsyms_offsets');
    const base = await relativeBase(reader, physical, info);
    const entries = expandNames(names, tokens, count);
    return resolveAddresses(entries, offsets, {
      base,
      start: info.symbols.get('kallsyms_offsets') ?? 0n,
      stext: info.symbols.get('_stext'),
    });
  });
}

/** The token table has always come after the names, with a little between them: Linux scripts/kallsyms.c. */
function namesSize({ symbols }: VmcoreInfo, count: number): number {
  const size = (symbols.get('kallsyms_token_table') ?? 0n) - (symbols.get('kallsyms_names') ?? 0n);
  if (size <= 0n || size > count * MOST_BYTES_PER_SYMBOL)
    throw new BadMemory(`${size} bytes can’t be the names of ${count} symbols`);
  return Number(size);
}

async function relativeBase(
  reader: MemoryReader,
  physical: (address: bigint) => Promise<bigint>,
  info: VmcoreInfo,
): Promise<bigint> {
  const symbol = info.symbols.get('kallsyms_relative_base');
  if (symbol === undefined) return info.symbols.get('_text') ?? info.symbols.get('_stext') ?? 0n;
  return reader.word(await physical(symbol), 'kallsyms_relative_base');
}

/** Ways an offset has been meant, newest first. `place` is the virtual address of the offset itself. */
const READINGS: ((offset: number, context: { base: bigint; place: bigint }) => bigint)[] = [
  // Linux 7.x: relative to its own place.
  (offset, { place }) => BigInt.asUintN(64, place + BigInt(offset)),
  (offset, { base }) => base + BigInt(offset >>> 0),
  // CONFIG_KALLSYMS_ABSOLUTE_PERCPU: negative ones are relative, the rest absolute (per-CPU) values.
  (offset, { base }) => (offset >= 0 ? BigInt(offset) : base - 1n - BigInt(offset)),
];

function resolveAddresses(
  entries: string[],
  offsets: DataView,
  context: { base: bigint; start: bigint; stext: bigint | undefined },
): KernelSymbol[] {
  const { base, start, stext } = context;
  const read = (one: (typeof READINGS)[number], index: number) =>
    one(offsets.getInt32(index * 4, true), { base, place: start + BigInt(index * 4) });
  const known = entries.findIndex((entry) => entry.slice(1) === '_stext');
  const meant = known < 0 ? undefined : READINGS.find((one) => read(one, known) === stext);
  if (!meant) throw new BadMemory('the kallsyms offsets don’t lead to _stext');
  return entries.map((entry, index) => ({
    type: entry.slice(0, 1),
    name: entry.slice(1),
    address: read(meant, index),
  }));
}

/** Lines of a guest's /proc/kallsyms: `ffffffffc0123450 t start_xmit\t[virtio_net]`. */
export function parseKallsyms(text: string): KernelSymbol[] {
  return [...text.matchAll(/^([\da-f]{16}) (\w) (\S+)(?:\t\[(\w+)\])?\s*$/gm)].map(
    ([, address, type = '', name = '', module]) => ({
      address: BigInt(`0x${address}`),
      type,
      name,
      ...(module ? { module } : {}),
    }),
  );
}
