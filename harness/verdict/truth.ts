import type { PrintkRecord } from '../printk/record.ts';
import type { RingContent } from '../printk/records.ts';

/** What the guest wrote from the marker on, as its ring buffer says. */
export interface Truth {
  /** In order of sequence; the marker is the first, unless it was overwritten. */
  records: PrintkRecord[];
  /** Sequence numbers from the marker on that the ring has overwritten. */
  overwritten: number[];
  /** Sequence numbers whose writer died in the middle: no text can be known. */
  unfinished: number[];
}

/**
 * Cuts the truth at the marker. `markerSequence` is where a witness saw it, for a ring that has overwritten it.
 * Null when nobody knows where the marker was: then nothing can be proved.
 */
export function truthFrom(ring: RingContent, marker: string, markerSequence: number | null): Truth | null {
  const found = ring.records.findIndex((record) => record.text === marker);
  const sequence = ring.records[found]?.sequence ?? markerSequence;
  const oldest = ring.records[0]?.sequence;
  if (sequence === null || oldest === undefined) return null;
  const records = ring.records.filter((record) => record.sequence >= sequence);
  // A record can be there without its text: the text area is overwritten first.
  const gone = new Set(ring.textLost.filter((lost) => lost >= sequence));
  for (let lost = sequence; lost < oldest; lost++) gone.add(lost);
  return {
    records,
    overwritten: [...gone].sort((a, b) => a - b),
    unfinished: ring.unfinished.filter((one) => one >= sequence),
  };
}
