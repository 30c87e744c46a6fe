import { type Headline, headlineOf } from './headline.ts';
import { BOOT, END_TRACE, OPENED } from './lines.ts';
import type { LogLine } from './log-line.ts';

/** What a log said before a stretch of it that its reports are read by. */
export interface LogContext {
  /** Some line had the kernel's timestamp: what has none is not the kernel's own. */
  stamps: boolean;
  /** The kernel runs with `panic=-1`: a panic resets at once, and has no end. */
  silent: boolean;
  /** Something died before, in the same boot, and was survived. */
  died?: boolean;
}

/** A stretch of a log with whole crash reports in it. */
export interface Segment<Line extends LogLine = LogLine> {
  lines: Line[];
  /** The number of each in the log, from 1, and of the first. */
  numbers: number[];
  first: number;
  /** Lines that were taken before it. */
  before: number;
  context: LogContext;
}

/** Lines after the last one that begins a report, or carries one on, and no report is that long. */
const ENOUGH_LINES = 1000;
/** Reports that follow each other without an end are read so many lines at a time. */
const MOST_LINES = 10_000;
const MOST_DOUBTFUL = 16;
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** Lines that may stand between what opens a report and its own first line, and one more. */
export const BEFORE = 25;

const SILENT = /^(?:Kernel c|C)ommand line: .*\bpanic=-\d/;

/**
 * Cuts a log, line by line, into the stretches that have crash reports in them; what lies between is forgotten. Holds one
 * of them, and the doubtful ones, however long the log is.
 */
export class Segments<Line extends LogLine = LogLine> {
  #lines: Line[] = [];
  #numbers: number[] = [];
  #characters = 0;
  /** The last lines before it, round and round, and their numbers. */
  readonly #before: Line[] = [];
  readonly #beforeNumbers: number[] = [];
  /** Lines of the log so far, and the number of the last: one line of it may be two. */
  #count = 0;
  #number = 0;
  /** Index after the last headline, and of the last that can only be the first of a report. */
  #headline = 0;
  #opening = 0;
  /** Of the last headline. */
  #part: Headline['part'] | undefined;
  /** Whether one of its headlines is the kernel's own for sure. */
  #isSure = false;
  /** Stretches that are a firmware's and no kernel's where stamped lines follow. */
  #doubtful: Segment<Line>[] = [];
  #died = false;
  readonly #context: LogContext = { stamps: false, silent: false };

  /** Whether it is in the middle of one. */
  get open(): boolean {
    return this.#lines.length > 0;
  }

  /** The newest line of the one it is in the middle of. */
  get newest(): string {
    return this.#lines.at(-1)?.text ?? '';
  }

  /** The stretches that are over with this line. */
  take(line: Line): Segment<Line>[] {
    this.#count += 1;
    this.#number = line.at ?? this.#number + 1;
    if (line.stamped && !this.#context.stamps) {
      this.#context.stamps = true;
      this.#doubtful = [];
    }
    if (SILENT.test(line.text)) this.#context.silent = true;
    const headline = headlineOf(line.text);
    if (!this.open) this.#context.died = this.#died;
    if (this.#died && BOOT.test(line.text)) this.#died = false;
    if (headline?.part === 'die') this.#died = true;
    if (this.open || headline) {
      if (!this.open) this.#keepOpening();
      if (headline && this.#isFirst(headline)) this.#opening = this.#lines.length - sinceOpening(this.#lines);
      this.#keep(line, this.#number);
      if (headline) {
        this.#headline = this.#lines.length;
        this.#part = headline.part;
        this.#isSure ||= headline.part !== 'hint';
      }
    }
    this.#before[this.#count % BEFORE] = line;
    this.#beforeNumbers[this.#count % BEFORE] = this.#number;
    const { length } = this.#lines;
    if (length - this.#headline > ENOUGH_LINES) return this.#cut(length);
    if (length < MOST_LINES && this.#characters <= MOST_CHARACTERS) return [];
    return this.#cut(this.#opening > 0 ? this.#opening : length);
  }

  /** The one that it is in the middle of, as far as it has come; it goes on. */
  soFar(): Segment<Line>[] {
    if (!this.open) return [];
    const numbers = [...this.#numbers];
    const before = this.#count - numbers.length;
    return [
      { lines: [...this.#lines], numbers, first: numbers[0] ?? 1, before, context: { ...this.#context } },
    ];
  }

  /** The doubtful ones: that stamped lines may follow is not waited for any longer. */
  takeDoubtful(): Segment<Line>[] {
    return this.#doubtful.splice(0);
  }

  /** Nothing more belongs to what was taken. */
  finish(): Segment<Line>[] {
    const last = this.open ? this.#cut(this.#lines.length) : [];
    return [...this.takeDoubtful(), ...last];
  }

  /** The line of die() follows its cause, where it has one. */
  #isFirst({ part }: Headline): boolean {
    return part === 'cause' || part === 'report' || (part === 'die' && this.#part !== 'cause');
  }

  /** The lines right before this one, from the one that opens a report on. */
  #keepOpening(): void {
    const at = (this.#count % BEFORE) + 1;
    const inOrder = <T>(ring: readonly T[]) => [...ring.slice(at), ...ring.slice(0, at - 1)];
    const before = inOrder(this.#before);
    const numbers = inOrder(this.#beforeNumbers);
    for (let back = sinceOpening(before); back > 0; back -= 1) {
      const line = before.at(-back);
      if (line) this.#keep(line, numbers.at(-back) ?? 0);
    }
  }

  #keep(line: Line, number: number): void {
    this.#lines.push(line);
    this.#numbers.push(number);
    this.#characters += line.text.length;
  }

  #cut(at: number): Segment<Line>[] {
    const before = this.#count - this.#lines.length;
    const lines = this.#lines.slice(0, at);
    const numbers = this.#numbers.slice(0, at);
    this.#numbers = this.#numbers.slice(at);
    this.#lines = this.#lines.slice(at);
    this.#characters = this.#lines.reduce((sum, { text }) => sum + text.length, 0);
    this.#headline = Math.max(0, this.#headline - at);
    this.#opening = 0;
    const segment = { lines, numbers, first: numbers[0] ?? 1, before, context: { ...this.#context } };
    this.#context.died = this.#died;
    const isSure = this.#isSure || this.#context.stamps;
    // What is left begins with a headline that is no hint.
    this.#isSure = this.open;
    if (isSure) return [segment];
    this.#doubtful.push(segment);
    return this.#doubtful.splice(0, this.#doubtful.length - MOST_DOUBTFUL);
  }
}

/**
 * A report may open with a line that is none by itself: a bar, `cut here`. A WARNING's own message follows it, and what
 * others say meanwhile.
 */
export function sinceOpening(lines: readonly LogLine[]): number {
  for (let count = 1; count < BEFORE && count <= lines.length; count += 1) {
    const text = lines.at(-count)?.text ?? '';
    if (OPENED.test(text)) return count;
    if (END_TRACE.test(text)) return 0;
  }
  return 0;
}
