import { noteText, RAM, Ram } from '../printk/guest-memory.ts';
import { parseVmcoreInfo, type VmcoreInfo } from '../../harness/printk/vmcoreinfo.ts';
import { bytes } from '../printk/ring-writer.ts';

export interface Symbol {
  name: string;
  type: string;
  address: bigint;
}

/** How a kernel says where its symbols are. */
export type Way =
  /** Linux ≥ 6.4 without CONFIG_KALLSYMS_ABSOLUTE_PERCPU: unsigned, from a base. */
  | 'from a base'
  /** With it: absolute when positive, else below the base. */
  | 'per CPU'
  /** Linux 7.x: signed, each from its own place. */
  | 'from their own place';

const KERNEL_MAP = 0xffffffff80000000n;
const START = KERNEL_MAP + 0x1000000n;
export const STEXT = START + 0x1000n;

/** All tokens: each byte stands for itself, but for some that a compressor would have put in. */
const TOKENS = Array.from({ length: 256 }, (_, token) => (token === 0 ? '' : String.fromCharCode(token)));
const LONG: [number, string][] = [
  [0x80, 'Tsys_'],
  [0xfe, '_init'],
  [0xff, 'kmalloc_'],
];
for (const [token, text] of LONG) TOKENS[token] = text;

export interface SymbolGuest {
  memory: Ram;
  info: VmcoreInfo;
  places: {
    count: number;
    names: number;
    table: number;
    index: number;
    offsets: number;
    base: number;
    end: number;
  };
}

/** The tables of scripts/kallsyms.c in a guest's memory, in the order that Linux has since 6.4. */
export function guestWithSymbols(
  symbols: Symbol[],
  way: Way = 'from a base',
  note: Record<string, string | null> = {},
): SymbolGuest {
  const names = symbols.flatMap(({ type, name }) => compressed(type + name));
  const table = TOKENS.map((token) => `${token}\0`).join('');
  const places = { count: 0, names: 16, table: 0, index: 0, offsets: 0, base: 0, end: 0 };
  places.table = align(places.names + names.length);
  places.index = align(places.table + table.length);
  places.offsets = align(places.index + 512);
  places.base = align(places.offsets + symbols.length * 4);
  places.end = places.base + 8;

  // The reader takes the tokens in one piece, whatever comes behind them.
  const memory = new Ram(Math.max(places.end, places.table + 16_384) + 4096);
  const view = new DataView(memory.bytes.buffer);
  view.setUint32(places.count, symbols.length, true);
  memory.set(places.names, Uint8Array.from(names));
  memory.set(places.table, bytes(table));
  let begin = 0;
  for (const [token, text] of TOKENS.entries()) {
    view.setUint16(places.index + token * 2, begin, true);
    begin += text.length + 1;
  }
  for (const [at, { address }] of symbols.entries()) {
    const place = places.offsets + at * 4;
    view.setUint32(place, Number(BigInt.asUintN(32, offset(way, address, START + BigInt(place)))), true);
  }
  memory.word(places.base, START);

  const symbol = (place: number) => (START + BigInt(place)).toString(16);
  const base = way === 'from their own place' ? null : symbol(places.base);
  const info = parseVmcoreInfo(
    noteText({
      'NUMBER(phys_base)': String(RAM - (START - KERNEL_MAP)),
      'SYMBOL(_stext)': STEXT.toString(16),
      'SYMBOL(kallsyms_num_syms)': symbol(places.count),
      'SYMBOL(kallsyms_names)': symbol(places.names),
      'SYMBOL(kallsyms_token_table)': symbol(places.table),
      'SYMBOL(kallsyms_token_index)': symbol(places.index),
      'SYMBOL(kallsyms_offsets)': symbol(places.offsets),
      'SYMBOL(kallsyms_relative_base)': base,
      ...note,
    }),
  );
  return { memory, info, places };
}

const align = (place: number) => Math.ceil(place / 8) * 8;

function offset(way: Way, address: bigint, place: bigint): bigint {
  if (way === 'from a base') return address - START;
  if (way === 'from their own place') return address - place;
  return address < START ? address : START - 1n - address;
}

/** A length in one byte, or in two with the low seven bits first; then the tokens. */
function compressed(text: string): number[] {
  const tokens: number[] = [];
  for (let at = 0; at < text.length;) {
    const [token, found] = LONG.find(([, one]) => text.startsWith(one, at)) ?? [text.charCodeAt(at), ' '];
    tokens.push(token);
    at += found.length;
  }
  const { length } = tokens;
  return length < 0x80 ? [length, ...tokens] : [(length & 0x7f) | 0x80, length >> 7, ...tokens];
}
