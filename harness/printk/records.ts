import type { RingLayout } from './layout.ts';
import { BadMemory } from './memory.ts';
import type { PrintkRecord } from './record.ts';

/** A copy of the ring buffer's parts, and how to read them. */
export interface RawRing {
  layout: RingLayout;
  /** Descriptors; a power of two. */
  count: number;
  /** The text area is 2^sizeBits bytes. */
  sizeBits: number;
  headId: bigint;
  tailId: bigint;
  descs: DataView;
  infos: DataView;
  text: DataView;
}

/** What a ring buffer holds. */
export interface RingContent {
  /** In order of sequence. */
  records: PrintkRecord[];
  /** Sequence numbers that a writer reserved and never finished: it died in the middle, or is writing. */
  unfinished: number[];
  /** Sequence numbers whose text the ring no longer holds. */
  textLost: number[];
}

// enum desc_state, in the top two bits of prb_desc.state_var.
const RESERVED = 0n;
const COMMITTED = 1n;
const FINALISED = 2n;
const ID_MASK = (1n << 62n) - 1n;
/** A data block begins with the id of its descriptor. */
const BLOCK_ID_SIZE = 8;
const LOWEST_BIT = 1n;

/** Reads every record from the tail to the head descriptor. Throws BadMemory for a ring that can't be one. */
export function readRecords(ring: RawRing): RingContent {
  const content: RingContent = { records: [], unfinished: [], textLost: [] };
  const span = (ring.headId - ring.tailId) & ID_MASK;
  if (span >= BigInt(ring.count))
    throw new BadMemory('the ring buffer’s head and tail are further apart than it is long');
  let last: number | undefined;
  for (let step = 0n; step <= span; step++) {
    const id = (ring.tailId + step) & ID_MASK;
    const index = Number(id & BigInt(ring.count - 1));
    const state = ring.descs.getBigUint64(index * ring.layout.desc.size + ring.layout.desc.state, true);
    if ((state & ID_MASK) !== id) continue; // the descriptor is being taken anew, or has never been used
    const phase = state >> 62n;
    const record = readInfo(ring, index);
    if (phase === RESERVED) {
      content.unfinished.push(record.sequence);
      continue;
    }
    if (phase !== COMMITTED && phase !== FINALISED) continue;
    if (last !== undefined && record.sequence !== last + 1 && !content.unfinished.includes(last + 1)) {
      throw new BadMemory(`record ${record.sequence} follows record ${last} in the ring buffer`);
    }
    last = record.sequence;
    const text = readText(ring, index, id);
    if (text === null) content.textLost.push(record.sequence);
    else content.records.push({ ...record, text, finalised: phase === FINALISED });
  }
  return content;
}

function readInfo(ring: RawRing, index: number): PrintkRecord {
  const { info } = ring.layout;
  const base = index * info.size;
  const sequence = ring.infos.getBigUint64(base + info.sequence, true);
  if (sequence > BigInt(Number.MAX_SAFE_INTEGER))
    throw new BadMemory('a record has a sequence number beyond 2^53');
  const facility = ring.infos.getUint8(base + info.textLength + 2);
  // `u8 flags:5, level:3` follows the facility.
  const bits = ring.infos.getUint8(base + info.textLength + 3);
  const caller = ring.infos.getUint32(base + info.caller, true);
  return {
    sequence: Number(sequence),
    timestampUs: Number(ring.infos.getBigUint64(base + info.timestamp, true) / 1000n),
    facility,
    level: bits >> 5,
    flags: bits & 0x1f,
    caller: caller >= 0x80000000 ? `C${caller - 0x80000000}` : `T${caller}`,
    finalised: true,
    text: '',
    dictionary: readDictionary(ring, base + info.device),
  };
}

function readDictionary(ring: RawRing, base: number): Record<string, string> {
  const { device } = ring.layout;
  const subsystem = cString(ring.infos, base + device.subsystem, device.subsystemLength);
  if (!subsystem) return {};
  const name = cString(ring.infos, base + device.device, device.deviceLength);
  return name ? { SUBSYSTEM: subsystem, DEVICE: name } : { SUBSYSTEM: subsystem };
}

/** The text of a record, or null where the ring no longer holds it. See get_data() in printk_ringbuffer.c. */
function readText(ring: RawRing, index: number, id: bigint): string | null {
  const { desc, info } = ring.layout;
  const begin = ring.descs.getBigUint64(index * desc.size + desc.begin, true);
  const next = ring.descs.getBigUint64(index * desc.size + desc.next, true);
  const length = ring.infos.getUint16(index * info.size + info.textLength, true);
  if (begin & LOWEST_BIT && next & LOWEST_BIT) return length === 0 ? '' : null; // a record without data
  const block = findBlock(ring, begin, next);
  if (!block || ring.text.getBigUint64(block.start, true) !== id) return null;
  const room = block.size - BLOCK_ID_SIZE;
  return byteString(ring.text, block.start + BLOCK_ID_SIZE, Math.min(length, room));
}

function findBlock(ring: RawRing, begin: bigint, next: bigint): { start: number; size: number } | null {
  const bits = BigInt(ring.sizeBits);
  const length = 1n << bits;
  const offset = begin & (length - 1n);
  const end = next & (length - 1n);
  const laps = (next >> bits) - (begin >> bits);
  let block: { start: bigint; size: bigint } | null = null;
  if (laps === 0n && end > offset) block = { start: offset, size: end - offset };
  else if (laps === 1n && end === 0n) block = { start: offset, size: length - offset };
  else if (laps === 1n) block = { start: 0n, size: end }; // it did not fit before the end: it begins anew at 0
  if (!block || block.size < BLOCK_ID_SIZE) return null;
  return { start: Number(block.start), size: Number(block.size) };
}

function byteString(view: DataView, start: number, length: number): string {
  let text = '';
  for (let at = 0; at < length; at++) text += String.fromCharCode(view.getUint8(start + at));
  return text;
}

function cString(view: DataView, start: number, length: number): string {
  const text = byteString(view, start, length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
