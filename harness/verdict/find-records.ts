import type { PrintkRecord } from '../printk/record.ts';
import type { ConsoleText, Cut } from './console-text.ts';
import { printedLines, printedStamp } from './printed.ts';

/** Where a record stands in a console's text. */
export interface FoundRecord {
  record: PrintkRecord;
  /** For each of its lines, where it stands whole; null where it does not. */
  places: (number | null)[];
  /** Something with its time stamp stands there that is no whole line. */
  cut: boolean;
  /** It, or a part of it, stands there once more. */
  doubled: boolean;
}

interface Sought extends FoundRecord {
  stamp: string;
  lines: string[];
}

/** Looks for every record. The first step leaves the least to guess; each takes what it finds from the next. */
export function findRecords(records: readonly PrintkRecord[], console: ConsoleText): FoundRecord[] {
  const all = soughtIn(records, console);
  takeLines(all, console);
  takeCopies(all, console);
  takeEnds(all, console);
  takeCuts(all, console);
  takeCutCopies(all, console);
  return all;
}

/** What records look like as they are printed. */
function soughtIn(records: readonly PrintkRecord[], console: ConsoleText): Sought[] {
  const callers = namesCallers(records, console);
  return records.map((record) => {
    const lines = printedLines(record, callers);
    return { record, stamp: printedStamp(record, callers), lines, places: [], cut: false, doubled: false };
  });
}

/** Kernels with CONFIG_PRINTK_CALLER name the caller in each line: the first that is there shows it. */
function namesCallers(records: readonly PrintkRecord[], console: ConsoleText): boolean {
  for (const record of records) {
    for (const callers of [false, true]) {
      if (printedLines(record, callers).some((line) => console.has(line))) return callers;
    }
  }
  return false;
}

function takeLines(all: Sought[], console: ConsoleText): void {
  for (const one of all) one.places = one.lines.map((line) => console.takeLine(line));
}

/** Of records that print the same, as many are doubled as there are lines too many. */
function takeCopies(all: Sought[], console: ConsoleText): void {
  for (const one of all) {
    one.doubled = one.lines.map((line) => console.takeLine(line)).some((place) => place !== null);
  }
  for (const { lines } of all) {
    for (const line of lines) while (console.takeLine(line) !== null);
  }
}

/** A line that is whole, behind one that was cut or that a program left open. */
function takeEnds(all: Sought[], console: ConsoleText): void {
  for (const one of all) {
    one.places = one.places.map((place, nth) => {
      const isEnd = (cut: Cut) => cut.ends && cut.text === one.lines[nth];
      return place ?? console.takeCut(one.stamp, isEnd)?.place ?? null;
    });
  }
}

function takeCuts(all: Sought[], console: ConsoleText): void {
  const lacking = all.filter(({ places }) => places.includes(null));
  for (const one of lacking) one.cut = console.takeCut(one.stamp, begins(one)) !== null;
  for (const one of lacking) one.cut ||= console.takeCut(one.stamp, ({ replayed }) => !replayed) !== null;
}

function takeCutCopies(all: Sought[], console: ConsoleText): void {
  for (const one of all) {
    for (
      let cut = console.takeCut(one.stamp, begins(one));
      cut;
      cut = console.takeCut(one.stamp, begins(one))
    ) {
      one.doubled ||= !cut.replayed;
    }
  }
}

const begins =
  ({ lines }: Sought) =>
  ({ text }: Cut) =>
    lines.some((line) => line.startsWith(text));
