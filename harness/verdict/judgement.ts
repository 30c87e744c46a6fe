/** Where a record that was written got lost. */
export type LossPlace =
  | 'never sent'
  | 'lost in QEMU'
  | 'lost on the host'
  | 'overwritten before it was sent'
  | 'not printed';

/** One witness held against the truth. Sequence numbers ascend in every list. */
export interface Judgement {
  status: 'complete' | 'incomplete' | 'undecidable';
  /** Why it is undecidable. */
  reason?: string;
  /** Records the truth holds from the marker on, overwritten ones included. */
  written: number;
  /** Of those, how many the witness has whole. */
  arrived: number;
  missing: number[];
  /** There, but not byte for byte as written. */
  torn: number[];
  doubled: number[];
  /** There whole, but after a record that was written later. */
  misplaced: number[];
  lost: { sequence: number; where: LossPlace; text: string }[];
}

/** A judgement of lists: complete only if all of them are empty and something was written. */
export function judged(lists: Omit<Judgement, 'status' | 'reason'>): Judgement {
  if (lists.written === 0) return undecidable('the guest wrote nothing: there is nothing to prove');
  const flawless =
    lists.arrived === lists.written &&
    [lists.missing, lists.torn, lists.doubled, lists.misplaced].every((list) => list.length === 0);
  return { status: flawless ? 'complete' : 'incomplete', ...lists };
}

/** No proof either way. */
export function undecidable(reason: string): Judgement {
  return {
    status: 'undecidable',
    reason,
    written: 0,
    arrived: 0,
    missing: [],
    torn: [],
    doubled: [],
    misplaced: [],
    lost: [],
  };
}

/** Of an order of arrival: what came after something with a higher number. */
export function outOfPlace(order: readonly number[]): number[] {
  const late = new Set<number>();
  let highest = -1;
  for (const sequence of order) {
    if (sequence < highest) late.add(sequence);
    else highest = sequence;
  }
  return [...late].sort((a, b) => a - b);
}
