import { shapeOf } from './collector.ts';
import { headlineOf } from './headline.ts';
import { cleanLine, readLine } from './line.ts';
import { LOSS } from './lines.ts';
import type { LogLine } from './log-line.ts';

/** What a log's lines begin with, and no form of a collector's that is known. */
interface Learned {
  pattern: RegExp;
  host: string | null;
}

/** Lines that wait until it is known what they begin with, and how many characters. */
const MOST_WAITING = { lines: 128, characters: 1 << 20 };
const MOST_LEARNED = 16;
const LONGEST_PREFIX = 160;
/** What stood before a timestamp: so many are remembered. */
const MOST_SEEN = 64;

/** Lines of a crash that hardly anything else has, the first of a report and those inside it. */
const FIRST = [
  String.raw`-{3,}\[ cut here \]-{3,}$`,
  '={20,}$',
  'BUG(?:: | at )',
  'PANIC: ',
  String.raw`(?:Oops|Internal error)\b.*\[#\d+\]`,
  '(?:general protection fault|invalid opcode|divide error|int3)[:, ]',
  'WARNING: ',
  'INFO: ',
  String.raw`\[ (?:INFO|BUG): `,
  'Unable to handle kernel ',
  'Kernel panic - not syncing',
  String.raw`UBSAN: \S`,
];
const INSIDE = [
  'Call [Tt]race:',
  'Modules linked in:',
  String.raw`CPU: ?\d+ (?:UID: \d+ )?PID: \d+ Comm: `,
  String.raw`RIP: ?[\da-f]{4}:`,
  'Hardware name: ',
  String.raw`---\[ end `,
  String.raw`Code: [\da-f]{2} `,
];
/** Only behind a blank or a mark can one of them begin; what it begins with, few words of a log have: that is fast. */
const TOLD = new RegExp(`[\\s:|>\\])](?=[-=[A-Zgid])(?:(${FIRST.join('|')})|(${INSIDE.join('|')}))`);
/** Nothing stands before one. */
const BARE = new RegExp(`^(?:${[...FIRST, ...INSIDE].join('|')})`);
/** The kernel's own words before one of those. */
const LEADS = /(?:(?:NMI )?watchdog: |rcu: |traps: |[Kk]ernel )$/;
const STARVES = ' invoked oom-killer: ';

/**
 * Reads a log line by line. What stands before its messages is told by the forms that collectors have; any other by the
 * lines of a crash, where two or more have the same before them. Those wait so long: `take` may give them later, and
 * `finish` gives the last. What it holds is bounded.
 */
export class LogLines {
  #number = 0;
  /** Of the line that was given last. */
  #given = 0;
  #learned: Learned[] = [];
  #waiting: { line: string; number: number }[] = [];
  #characters = 0;
  /** Prefixes before the lines that wait: what of a crash followed each. */
  #told = new Map<string, { learned: Learned; words: Set<string>; inside: boolean }>();
  readonly #seen = new Set<string>();

  take(line: string): LogLine[] {
    this.#number += 1;
    const clean = cleanLine(line);
    const read = this.#read(clean, this.#number);
    if (this.#waiting.length === 0 && read.length === 1 && read[0]?.stamped === true) return this.#give(read);
    return this.#consider(clean, read);
  }

  /** A line that is none of these. */
  skip(): void {
    this.#number += 1;
  }

  /** What waited. */
  finish(): LogLine[] {
    return this.#release();
  }

  #consider(line: string, read: LogLine[]): LogLine[] {
    const shape = this.#tell(line, read);
    if (shape === null && this.#waiting.length === 0) return this.#give(read);
    this.#waiting.push({ line, number: this.#number });
    this.#characters += line.length;
    const isFull = this.#waiting.length >= MOST_WAITING.lines || this.#characters >= MOST_WAITING.characters;
    return isFull || this.#told.size === 0 ? this.#release() : [];
  }

  /** What stands before a line of a crash, where it is not known; once two tell of it, it is. */
  #tell(line: string, read: readonly LogLine[]): Learned | null {
    // A timestamp in the middle tells where the message begins.
    if (read.length !== 1 || read[0]?.stamped !== false) return null;
    if (this.#learned.some(({ pattern }) => pattern.test(line))) return null;
    const told = toldIn(line);
    if (told === null) return null;
    const shape = told.prefix === '' ? null : shapeOf(told.prefix);
    if (shape && this.#isSure(shape, told.words, told.isInside)) {
      this.#learned = [shape, ...this.#learned].slice(0, MOST_LEARNED);
      this.#told.delete(shape.pattern.source);
    }
    return shape;
  }

  /** Two different lines of a crash, and one that stands only inside of one. */
  #isSure(learned: Learned, words: string, isInside: boolean): boolean {
    const key = learned.pattern.source;
    const known = this.#told.get(key) ?? { learned, words: new Set<string>(), inside: false };
    known.words.add(words.replace(/\d+/g, '9').slice(0, 8));
    known.inside ||= isInside;
    this.#told.set(key, known);
    return known.words.size > 1 && known.inside;
  }

  #release(): LogLine[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#characters = 0;
    this.#told.clear();
    return waiting.flatMap(({ line, number }) => this.#give(this.#read(line, number)));
  }

  #read(line: string, number: number): LogLine[] {
    for (const { pattern, host } of this.#learned) {
      const found = pattern.exec(line);
      if (!found) continue;
      const lines = readLine(line.slice(found[0].length), this.#isPrefix);
      return numbered(lines, number, host);
    }
    return numbered(readLine(line, this.#isPrefix), number, null);
  }

  /** Two lines that have the same before their timestamps have it from a collector. */
  readonly #isPrefix = (before: string): boolean => {
    if (before.length > LONGEST_PREFIX || LOSS.test(before) || headlineOf(before)) return false;
    const shape = before.replaceAll(/\d+/g, '9');
    if (this.#seen.has(shape)) return true;
    if (this.#seen.size < MOST_SEEN) this.#seen.add(shape);
    return false;
  };

  #give(lines: LogLine[]): LogLine[] {
    for (const line of lines) {
      const { at = 0 } = line;
      if (at === this.#given + 1) delete line.at;
      this.#given = at;
    }
    return lines;
  }
}

/** A line of a crash with something before it. */
function toldIn(line: string): { prefix: string; words: string; isInside: boolean } | null {
  if (line.includes(STARVES)) {
    const before = line.slice(0, line.indexOf(STARVES));
    return { prefix: before.slice(0, before.lastIndexOf(' ') + 1), words: STARVES, isInside: false };
  }
  const told = TOLD.exec(line);
  if (told === null || told.index >= LONGEST_PREFIX || BARE.test(line)) return null;
  const [, first, inside] = told;
  const prefix = line.slice(0, told.index + 1).replace(LEADS, '');
  return { prefix, words: first ?? inside ?? '', isInside: inside !== undefined };
}

function numbered(lines: LogLine[], at: number, host: string | null): LogLine[] {
  for (const line of lines) {
    line.at = at;
    if (host !== null) line.host ??= host;
  }
  return lines;
}
