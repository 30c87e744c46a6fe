/** The text area of a ring buffer; its length is a power of two. */
export interface TextArea {
  view: DataView;
  /** The same as a byte string: records are cut from it, for converting each by itself takes longer. */
  content: string;
}

/** Where a descriptor says that its text is: logical positions, which grow for ever and overflow at 2^64. */
export interface BlockPositions {
  begin: bigint;
  next: bigint;
}

/** A data block begins with the id of its descriptor, and is aligned to it. */
const BLOCK_ID_SIZE = 8;
/** Real positions are aligned, so an odd one says that there is no block, and the next bit why. */
const DATALESS = 1n;
const EMPTY_LINE = 3n;

/**
 * The text of a record: `overwritten` where the ring holds it no more, `never stored` where it found no room
 * from the beginning. Linux kernel/printk/printk_ringbuffer.c, get_data() and copy_data().
 */
export function readText(
  area: TextArea,
  positions: BlockPositions,
  { id, length }: { id: bigint; length: number },
): { text: string } | 'overwritten' | 'never stored' {
  const { begin, next } = positions;
  if (begin & DATALESS && next & DATALESS) {
    return begin === EMPTY_LINE && next === EMPTY_LINE ? { text: '' } : 'never stored';
  }
  const block = findBlock(positions, area.content.length);
  if (!block || area.view.getBigUint64(block.start, true) !== id) return 'overwritten';
  const start = block.start + BLOCK_ID_SIZE;
  // A text longer than its block isn't this record's: the kernel doesn't show such a thing either.
  if (start + length > block.end) return 'overwritten';
  return { text: area.content.slice(start, start + length) };
}

/**
 * A block that does not fit before the end of the area begins anew at 0. One that ends exactly there begins
 * anew too, until Linux kernel commit 67e1b0052f6b ("printk_ringbuffer: don't needlessly wrap data blocks
 * around", of 2025): then `next` is the beginning of the next lap, which the old rule never gives.
 */
function findBlock({ begin, next }: BlockPositions, size: number): { start: number; end: number } | null {
  const start = Number(begin & BigInt(size - 1));
  const length = BigInt.asUintN(64, next - begin);
  if (start % BLOCK_ID_SIZE !== 0 || length % BigInt(BLOCK_ID_SIZE) !== 0n) return null;
  if (length < BLOCK_ID_SIZE) return null;
  const end = start + Number(length);
  if (end <= size) return { start, end };
  // Longer than one lap, or nothing in the next one: no block at all.
  if (end - size < BLOCK_ID_SIZE || end >= 2 * size) return null;
  return { start: 0, end: end - size };
}
