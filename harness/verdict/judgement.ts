/** Where a record that was written got lost. */
export type LossPlace =
  | 'never sent'
  | 'lost in QEMU'
  | 'lost on the wire'
  | 'lost on the host'
  | 'overwritten before it was sent'
  | 'not printed';

/** One witness held against the truth. Sequence numbers ascend in every list. */
export interface Judgement {
  status: 'complete' | 'incomplete' | 'undecidable';
  /** Why it is undecidable. */
  reason?: string;
  /** Records from the marker on, those included whose text the truth does not hold. */
  written: number;
  /** Of those, how many the witness has whole; never one that is missing or torn. */
  arrived: number;
  /** Of these, how many the truth has no text to compare with; they are whole in themselves. None where absent. */
  uncompared?: number;
  missing: number[];
  /** There, but not byte for byte as written. */
  torn: number[];
  /** There more than once, be it only a part of them. */
  doubled: number[];
  /** There whole, but after a record that was written later. */
  misplaced: number[];
  lost: { sequence: number; where: LossPlace; text: string }[];
}

/** What keeps a judgement without flaw from being a proof, and how many records it leaves open. */
export interface Doubt {
  reason: string;
  records: number;
}

/**
 * A judgement of lists: complete only if all of them are empty, every record that was written arrived, and
 * something was written beside the marker. A flaw is incomplete whatever else is in doubt.
 */
export function judged(lists: Omit<Judgement, 'status' | 'reason'>, doubt: Doubt | null = null): Judgement {
  if (lists.written === 0) return undecidable('the guest wrote nothing: there is nothing to prove');
  const flawless =
    lists.arrived + (doubt?.records ?? 0) === lists.written &&
    [lists.missing, lists.torn, lists.doubled, lists.misplaced].every((list) => list.length === 0);
  if (!flawless) return { status: 'incomplete', ...lists };
  if (doubt) return { status: 'undecidable', reason: doubt.reason, ...lists };
  if (lists.written > 1) return { status: 'complete', ...lists };
  const reason = 'the guest wrote nothing after the marker: there is nothing to prove';
  return { status: 'undecidable', reason, ...lists };
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
