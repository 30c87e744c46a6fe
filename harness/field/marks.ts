import type { ByteRange } from '../netconsole/assembly.ts';
import type { NetconsoleEvent } from '../netconsole/event.ts';
import type { Loss } from './transport.ts';

/**
 * What `crashlab listen` writes into a log where something is not as it was sent, without what stands around it; null
 * for what is. `text` of what contradicts is a byte string.
 */
export function markOf(event: NetconsoleEvent): string | null {
  switch (event.kind) {
    case 'gap': {
      const { from, to } = event;
      return missingMark(to - from + 1, from === to ? `${to}` : `${from} to ${to}`);
    }
    case 'fragment-lost': {
      const { sequence, total, missing } = event;
      return `record ${sequence} is torn, ${bytesOf(missing)} of its ${total} bytes are missing`;
    }
    case 'duplicate':
      return `record ${event.sequence} came twice`;
    case 'late':
      return `record ${event.sequence} came too late: ${event.datagram.body}`;
    case 'conflict':
      return `record ${event.sequence} came again, and ${event.why}: ${event.datagram.body}`;
    case 'reset':
      return `it booted anew: record ${event.last}, then ${event.first}`;
    case 'refused':
    case 'malformed':
      return `a datagram was refused: ${event.reason}`;
    case 'record':
    case 'basic':
    default:
      return null;
  }
}

/** `12 records missing`, and which where that is known. */
export function missingMark(count: number, which = ''): string {
  return `${count === 1 ? '1 record' : `${count} records`} missing${which === '' ? '' : ` (${which})`}`;
}

const bytesOf = (ranges: readonly ByteRange[]) =>
  ranges.reduce((sum, { start, end }) => sum + end - start, 0);

/** A mark as it stands in a line of its own. */
export const renderMark = (mark: string) => `── ${mark} ──\n`;

/** What a mark says. */
export interface ReadMark {
  loss: Loss | null;
  /** Bytes of a torn record, which stand in the lines behind it. */
  shown: number;
}

const MARK = /^── (.+) ──$/;
const MISSING = /^(\d{1,15}) records? missing(?: \((?:(\d{1,15}) to )?(\d{1,15})\))?$/;
const TORN = /^record (\d{1,15}) is torn, (\d{1,15}) of its (\d{1,15}) bytes are missing$/;
const OF_ONE = /^record (\d{1,15}) came (twice$|too late: |again, and )/;
const OTHER = /^(?:a datagram was (refused): |it booted anew: record )/;

/** A line that `crashlab listen` wrote and no kernel; null for any other. */
export function readMark(line: string): ReadMark | null {
  const mark = MARK.exec(line)?.[1];
  if (mark === undefined) return null;
  const missing = MISSING.exec(mark);
  if (missing) {
    const count = Number(missing[1]);
    const to = missing[3] === undefined ? null : Number(missing[3]);
    return { loss: { kind: 'missing', count, from: to === null ? null : to - count + 1 }, shown: 0 };
  }
  const torn = TORN.exec(mark);
  if (torn) {
    const shown = Number(torn[3]) - Number(torn[2]);
    return { loss: { kind: 'torn', count: 1, from: Number(torn[1]) }, shown };
  }
  const [, sequence, how = ''] = OF_ONE.exec(mark) ?? [];
  if (sequence !== undefined) {
    const kind = how === 'twice' ? 'doubled' : how.startsWith('too') ? 'late' : 'differing';
    return { loss: { kind, count: 1, from: Number(sequence) }, shown: 0 };
  }
  const other = OTHER.exec(mark);
  if (!other) return null;
  return { loss: other[1] === undefined ? null : { kind: 'refused', count: 1, from: null }, shown: 0 };
}
