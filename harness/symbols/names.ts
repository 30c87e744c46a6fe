import { bytesOf, toByteString } from '../printk/byte-string.ts';
import { BadMemory } from '../printk/memory.ts';

const TOKENS = 256;
/** Bytes of the table of where each token begins. */
export const TOKEN_INDEX_SIZE = TOKENS * 2;
/** All tokens together; an index has 16 bits, real tables have about a kilobyte. */
export const TOKEN_TABLE_SIZE = 16_384;
/** KSYM_NAME_LEN, and the type before it. */
const LONGEST_NAME = 512 + 1;
/** Tokens and names longer than real ones would make a small lie in memory a large one in ours. */
const MOST_CHARACTERS = 64 * 1024 * 1024;

/** What each byte of a compressed name stands for. */
export function readTokens(table: DataView, index: DataView): string[] {
  const bytes = bytesOf(table);
  return Array.from({ length: TOKENS }, (_, token) => {
    const start = index.getUint16(token * 2, true);
    const end = bytes.indexOf(0, start);
    if (end < 0 || end - start > LONGEST_NAME) throw new BadMemory(`the kallsyms token ${token} has no end`);
    return toByteString(bytes.subarray(start, end));
  });
}

/**
 * The names of all symbols, each with its type before it. Linux scripts/kallsyms.c: a length, in two bytes where
 * the first has its highest bit set, then that many tokens.
 */
export function expandNames(names: DataView, tokens: readonly string[], count: number): string[] {
  const bytes = bytesOf(names);
  const entries: string[] = [];
  let characters = 0;
  let at = 0;
  while (entries.length < count) {
    const first = bytes[at++] ?? 0;
    const length = first & 0x80 ? (first & 0x7f) | ((bytes[at++] ?? 0) << 7) : first;
    const end = at + length;
    if (end > bytes.length) throw new BadMemory('the kallsyms names end too early');
    let text = '';
    while (at < end) text += tokens[bytes[at++] ?? 0] ?? '';
    characters += text.length;
    if (length === 0 || text.length > LONGEST_NAME || characters > MOST_CHARACTERS)
      throw new BadMemory(`the kallsyms name ${entries.length} is no name`);
    entries.push(text);
  }
  return entries;
}
