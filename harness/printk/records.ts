import { bytesOf, toByteString } from './byte-string.ts';
import { readText, type TextArea } from './data-block.ts';
import type { RingLayout } from './layout.ts';
import { BadMemory } from './memory.ts';
import type { PrintkRecord } from './record.ts';

/** A copy of the ring buffer's parts, and how to read them. */
export interface RawRing {
  layout: RingLayout;
  /** Descriptors; a power of two. */
  count: number;
  headId: bigint;
  tailId: bigint;
  descs: DataView;
  infos: DataView;
  /** As long as a power of two. */
  text: DataView;
}

/** What a ring buffer holds: each sequence number from its oldest to its newest stands in exactly one list. */
export interface RingContent {
  /** In order of sequence. */
  records: PrintkRecord[];
  /**
   * Sequence numbers that never had a text to be printed: their writer died in the middle, or is writing, or
   * found no room.
   */
  unfinished: number[];
  /** Sequence numbers whose text the ring no longer holds. */
  textLost: number[];
}

// enum desc_state, in the top two bits of prb_desc.state_var; the fourth is "reusable".
const RESERVED = 0n;
const COMMITTED = 1n;
const FINALISED = 2n;
const STATE_SHIFT = 62n;
const toId = (value: bigint) => BigInt.asUintN(62, value);
/** The sequence "before the first": the ring begins its life with a descriptor that stands for no record. */
const BEFORE_FIRST = toId(-1n);

/** Reads every record from the tail to the head descriptor. Throws BadMemory for a ring that can't be one. */
export function readRecords(ring: RawRing): RingContent {
  const content: RingContent = { records: [], unfinished: [], textLost: [] };
  const count = BigInt(ring.count);
  const span = toId(ring.headId - ring.tailId);
  if (span >= count) throw new BadMemory('the ring buffer’s head and tail are further apart than it is long');
  const area: TextArea = { view: ring.text, content: toByteString(bytesOf(ring.text)) };
  const infos = bytesOf(ring.infos);
  const beyondId = sequenceBeyondId(ring, span);
  for (let step = 0n; step <= span; step++) {
    const id = toId(ring.tailId + step);
    const number = toId(id + beyondId);
    if (number === BEFORE_FIRST) continue;
    if (number > Number.MAX_SAFE_INTEGER) throw new BadMemory('a record has a sequence number beyond 2^53');
    const sequence = Number(number);
    const index = Number(id & (count - 1n));
    const state = stateOf(ring, index, id);
    switch (state) {
      case RESERVED:
        content.unfinished.push(sequence);
        break;
      case COMMITTED:
      case FINALISED: {
        const text = textOf(ring, area, index, id);
        if (text === 'overwritten') content.textLost.push(sequence);
        else if (text === 'never stored') content.unfinished.push(sequence);
        else {
          const finalised = state === FINALISED;
          content.records.push(readInfo(ring, infos, { index, sequence, finalised, text: text.text }));
        }
        break;
      }
      default:
        content.textLost.push(sequence);
    }
  }
  // New text takes the place of the oldest: that of the newest record is always there.
  if (content.textLost.length > 0 && content.records.every(({ text }) => text === '')) {
    throw new BadMemory('the ring buffer has records, but the text of none');
  }
  return content;
}

/**
 * Ids and sequence numbers go up together. Only the sequence number of a finished record can be trusted: a
 * writer sets it after it has taken the descriptor. With none, as after boot: id -count is record 0.
 */
function sequenceBeyondId(ring: RawRing, span: bigint): bigint {
  const count = BigInt(ring.count);
  for (let step = 0n; step <= span; step++) {
    const id = toId(ring.tailId + step);
    const index = Number(id & (count - 1n));
    const state = stateOf(ring, index, id);
    if (state === COMMITTED || state === FINALISED) return toId(sequenceAt(ring, index) - id);
  }
  return count;
}

const sequenceAt = (ring: RawRing, index: number): bigint =>
  ring.infos.getBigUint64(index * ring.layout.info.size + ring.layout.info.sequence, true);

/** A descriptor that still has the id of one lap before is being taken: desc_push_tail() calls it reserved. */
function stateOf(ring: RawRing, index: number, id: bigint): bigint {
  const value = ring.descs.getBigUint64(index * ring.layout.desc.size + ring.layout.desc.state, true);
  if (toId(value) === id) return value >> STATE_SHIFT;
  if (value === 0n || toId(value) === toId(id - BigInt(ring.count))) return RESERVED;
  throw new BadMemory('a descriptor between the ring buffer’s tail and head belongs elsewhere');
}

function textOf(ring: RawRing, area: TextArea, index: number, id: bigint): ReturnType<typeof readText> {
  const { desc, info } = ring.layout;
  const positions = {
    begin: ring.descs.getBigUint64(index * desc.size + desc.begin, true),
    next: ring.descs.getBigUint64(index * desc.size + desc.next, true),
  };
  const length = ring.infos.getUint16(index * info.size + info.textLength, true);
  return readText(area, positions, { id, length });
}

function readInfo(
  ring: RawRing,
  infos: Uint8Array,
  record: { index: number; sequence: number; finalised: boolean; text: string },
): PrintkRecord {
  const { info } = ring.layout;
  const { index, sequence, finalised, text } = record;
  const base = index * info.size;
  const said = sequenceAt(ring, index);
  if (said !== BigInt(sequence)) {
    throw new BadMemory(`the ring buffer’s record ${sequence} says that it is record ${said}`);
  }
  // `u8 facility; u8 flags:5, level:3` follow the length.
  const facility = ring.infos.getUint8(base + info.textLength + 2);
  const bits = ring.infos.getUint8(base + info.textLength + 3);
  const caller = ring.infos.getUint32(base + info.caller, true);
  return {
    sequence,
    timestampUs: Number(ring.infos.getBigUint64(base + info.timestamp, true) / 1000n),
    facility,
    level: bits >> 5,
    flags: bits & 0x1f,
    caller: caller >= 0x80000000 ? `C${caller - 0x80000000}` : `T${caller}`,
    finalised,
    text,
    dictionary: readDictionary(infos, ring.layout.device, base + info.device),
  };
}

function readDictionary(
  infos: Uint8Array,
  device: RingLayout['device'],
  base: number,
): Record<string, string> {
  const subsystem = cString(infos, base + device.subsystem, device.subsystemLength);
  const name = cString(infos, base + device.device, device.deviceLength);
  const dictionary: Record<string, string> = {};
  if (subsystem) dictionary['SUBSYSTEM'] = subsystem;
  if (name) dictionary['DEVICE'] = name;
  return dictionary;
}

function cString(bytes: Uint8Array, start: number, length: number): string {
  if (bytes[start] === 0) return '';
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return toByteString(end < 0 ? field : field.subarray(0, end));
}
