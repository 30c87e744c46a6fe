/**
 * A console's text, cut up for records to be found in it. What was found is taken, so that nothing stands for
 * two records. All whole lines are to be taken before the first cut.
 */
export interface ConsoleText {
  /** Whether such a line is left. */
  has(text: string): boolean;
  /** Takes the first line left that is this text; returns its place. */
  takeLine(text: string): number | null;
  /** Takes the first piece left that begins with this time stamp and fits. */
  takeCut(stamp: string, fits: (cut: Cut) => boolean): Cut | null;
  /** All pieces left behind this line that begin with a time stamp, except what the kernel began anew. */
  cutsBehind(place: number): Cut[];
  /** How many messages the console itself says it has dropped, behind a line that ends in these words. */
  droppedAfter(words: string): number;
}

/** What stands of a line from its time stamp on, up to the next. */
export interface Cut {
  text: string;
  /** Number of the line. */
  place: number;
  /** Nothing follows it on its line. */
  ends: boolean;
  /** The kernel itself says that it was interrupted here, and begins anew. */
  replayed: boolean;
}

// print_time(), print_caller() and the space behind them: Linux kernel/printk/printk.c, info_print_prefix().
const STAMP = /\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? /g;
// console_prepend_dropped() and console_prepend_replay(), there too.
const DROPPED = /^\*\* (\d+) printk messages dropped \*\*$/;
const REPLAYED = '** replaying previous printk message **';

export function readConsoleText(text: string): ConsoleText {
  const lines = linesOf(text);
  const left = new Map<string, number[]>();
  for (const place of lines.keys()) push(left, lines[place] ?? '', place);
  // The first place is taken first.
  for (const places of left.values()) places.reverse();
  let cuts: Map<string, Cut[]> | null = null;

  return {
    has: (line) => (left.get(line)?.length ?? 0) > 0,
    takeLine: (line) => left.get(line)?.pop() ?? null,
    takeCut(stamp, fits) {
      cuts ??= cutUp(lines, [...left.values()].flat());
      const found = cuts.get(stamp) ?? [];
      const at = found.findIndex(fits);
      return at < 0 ? null : (found.splice(at, 1)[0] ?? null);
    },
    cutsBehind(line) {
      cuts ??= cutUp(lines, [...left.values()].flat());
      return [...cuts.values()].flat().filter(({ place, replayed }) => place > line && !replayed);
    },
    droppedAfter(words) {
      const place = lines.findIndex((line) => line.endsWith(words));
      const behind = place < 0 ? [] : lines.slice(place + 1);
      return behind.reduce((sum, line) => sum + Number(DROPPED.exec(line)?.[1] ?? 0), 0);
    },
  };
}

/**
 * A serial driver writes a carriage return before each newline, and netconsole does not. Which of them this was,
 * only the kernel's own lines say: firmware has other habits, and a message may end in a carriage return.
 */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const stamped = lines.filter((line) => line.search(STAMP) >= 0);
  const serial = stamped.filter((line) => line.endsWith('\r')).length * 2 >= stamped.length;
  return serial ? lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)) : lines;
}

/** The lines at these places, cut before each time stamp, by time stamp. */
function cutUp(lines: string[], places: number[]): Map<string, Cut[]> {
  const cuts = new Map<string, Cut[]>();
  for (const place of places.sort((a, b) => a - b)) {
    const line = lines[place] ?? '';
    const stamps = [...line.matchAll(STAMP)];
    for (const [nth, stamp] of stamps.entries()) {
      const next = stamps[nth + 1];
      push(cuts, stamp[0], {
        text: line.slice(stamp.index, next?.index),
        place,
        ends: !next,
        replayed: !next && lines[place + 1] === REPLAYED,
      });
    }
  }
  return cuts;
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
