import { columns } from '../layout.ts';

/** Of the drawing's font, which has one width, in the drawing's units. */
const COLUMN = 7.4;
/** Between a label and its line, and between two labels. */
const GAP = 4;

export interface Bounds {
  left: number;
  right: number;
}

export interface Label<T> {
  of: T;
  text: string;
  /** Where its line stands; the words begin or end there. */
  x: number;
  anchor: 'start' | 'end';
  row: number;
}

/** Puts labels into rows so that none lies on another: each as high as it can, beside its line; none below `most` rows. */
export function placeLabels<T extends { text: string; x: number }>(
  all: readonly T[],
  { left, right }: Bounds,
  most = Infinity,
): Label<T>[] {
  const rows: Bounds[][] = [];
  return all.flatMap((of) => {
    const { text, x } = of;
    const width = columns(text) * COLUMN;
    const after = { left: x + GAP, right: x + GAP + width };
    const before = { left: x - GAP - width, right: x - GAP };
    const anchor = after.right > right && before.left >= left ? 'end' : 'start';
    const taken = anchor === 'end' ? before : after;
    const found = rows.findIndex((others) => others.every((other) => isApart(other, taken)));
    const row = found === -1 ? rows.length : found;
    if (row >= most) return [];
    (rows[row] ??= []).push(taken);
    return [{ of, text, x: anchor === 'end' ? x - GAP : x + GAP, anchor, row }];
  });
}

const isApart = (one: Bounds, other: Bounds) =>
  one.right + GAP <= other.left || other.right + GAP <= one.left;
