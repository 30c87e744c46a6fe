import { QEMU_SAW, type Timeline } from '../../lab/timeline.ts';
import { cut } from '../layout.ts';
import { type Bounds, type Label, placeLabels } from './labels.ts';

const NAME_COLUMNS = 40;
/** More would be more words than drawing. */
const MOST_ROWS = 4;
/** Closer than that nobody tells two lines apart. */
const GRID = 6;

interface Mark {
  x: number;
  name: string;
  /** What the drawing is looked at for: it keeps words of its own. */
  stands: boolean;
}

/** Moments with one label: one, or some that are too close to be told apart. */
export interface Group {
  text: string;
  x: number;
  marks: readonly Mark[];
}

/**
 * The marker, what was done to the guest and what QEMU saw, each with its words beside it. The marker, the first act, the
 * last one before QEMU saw the end, which is the trigger, the last of all, and what QEMU saw always have their own;
 * of the others those that lie closest share some until there is room for all.
 */
export function placeMarks(timeline: Timeline, xOf: (ms: number) => number, bounds: Bounds): Label<Group>[] {
  let groups = gridded(marksOf(timeline, xOf));
  for (;;) {
    const placed = placeLabels(groups, bounds);
    if (placed.every(({ row }) => row < MOST_ROWS)) return placed;
    const closer = joined(groups);
    if (closer === null) return placed;
    groups = closer;
  }
}

function marksOf({ head, records }: Timeline, xOf: (ms: number) => number): Mark[] {
  const { moments } = head;
  const seen = moments.flatMap(({ name }, at) => (isSeen(name) ? [at] : []));
  const acts = moments.flatMap(({ name }, at) => (isSeen(name) ? [] : [at]));
  const end = moments[seen[0] ?? -1]?.ms ?? Infinity;
  const trigger = acts.findLast((at) => (moments[at]?.ms ?? 0) <= end);
  const standing = new Set([acts[0], trigger, acts.at(-1), seen[0], seen.at(-1)]);
  // The timeline begins with the marker; where the ring buffer has lost it, nobody knows when that was.
  const marker = records[0]?.ms;
  return [
    ...(marker === undefined ? [] : [{ x: xOf(marker), name: 'marker', stands: true }]),
    ...moments.map(({ ms, name }, at) => ({ x: xOf(ms), name, stands: standing.has(at) })),
  ].sort((one, other) => one.x - other.x);
}

const QEMU_WORDS = new Set<string>(Object.values(QEMU_SAW));
const isSeen = (name: string) => QEMU_WORDS.has(name);

function gridded(marks: readonly Mark[]): Group[] {
  const groups: Mark[][] = [];
  for (const mark of marks) {
    const [last] = groups.at(-1) ?? [];
    if (last && !last.stands && !mark.stands && mark.x - last.x < GRID) groups.at(-1)?.push(mark);
    else groups.push([mark]);
  }
  return groups.map(groupOf);
}

const isShared = ({ marks }: Group) => marks.every(({ stands }) => !stands);

function groupOf(marks: readonly Mark[]): Group {
  const [first] = marks;
  const text = marks.length === 1 ? cut(first?.name ?? '', NAME_COLUMNS) : `${marks.length} acts`;
  return { text, x: first?.x ?? 0, marks };
}

/** With the two next to each other that lie closest as one; null where none may be. */
function joined(groups: readonly Group[]): Group[] | null {
  let closest: { at: number; apart: number } | null = null;
  for (const [at, group] of groups.entries()) {
    const next = groups[at + 1];
    if (next === undefined || !isShared(group) || !isShared(next)) continue;
    const apart = next.x - (group.marks.at(-1)?.x ?? group.x);
    if (closest === null || apart < closest.apart) closest = { at, apart };
  }
  if (closest === null) return null;
  const { at } = closest;
  const both = groups.slice(at, at + 2).flatMap(({ marks }) => marks);
  return [...groups.slice(0, at), groupOf(both), ...groups.slice(at + 2)];
}
