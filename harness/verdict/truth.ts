import type { PrintkRecord } from '../printk/record.ts';
import type { RingContent } from '../printk/records.ts';

/** What the guest wrote from the marker on, as its ring buffer says. No sequence number is in two lists. */
export interface Truth {
  /** The words of the marker. */
  marker: string;
  /** In order of sequence; the marker is the first, unless it was overwritten. */
  records: PrintkRecord[];
  /** Sequence numbers from the marker on that the ring has overwritten, ascending. */
  overwritten: number[];
  /** Sequence numbers that never had a text: the writer died in the middle, or found no room. Ascending. */
  unfinished: number[];
}

/** More records than a guest can overwrite in a run: a ring that is further on than this lies. */
const MOST_OVERWRITTEN = 1_000_000;

/**
 * Cuts the truth at the marker. `markerSequence` is where a witness saw it, for a ring that has overwritten it.
 * Null when nobody knows where the marker was, or the ring cannot hold anything after it: then nothing can
 * be proved.
 */
export function truthFrom(ring: RingContent, marker: string, markerSequence: number | null): Truth | null {
  const found = ring.records.find((record) => record.text === marker);
  const sequence = found?.sequence ?? markerSequence;
  const [oldest, newest] = endsOf(ring);
  if (sequence === null || sequence > newest || oldest - sequence > MOST_OVERWRITTEN) return null;
  // The text area is overwritten before the descriptors are.
  const overwritten = ring.textLost.filter((lost) => lost >= sequence);
  for (let lost = sequence; lost < oldest; lost++) overwritten.push(lost);
  return {
    marker,
    records: ring.records.filter((record) => record.sequence >= sequence),
    overwritten: overwritten.sort((a, b) => a - b),
    unfinished: ring.unfinished.filter((one) => one >= sequence),
  };
}

/** The lowest and the highest sequence number the ring knows; -1 as the highest of an empty one. */
function endsOf({ records, unfinished, textLost }: RingContent): [oldest: number, newest: number] {
  const first = [records[0]?.sequence, unfinished[0], textLost[0]];
  const last = [records.at(-1)?.sequence, unfinished.at(-1), textLost.at(-1)];
  return [
    Math.min(...first.map((sequence) => sequence ?? Infinity)),
    Math.max(...last.map((sequence) => sequence ?? -1)),
  ];
}
