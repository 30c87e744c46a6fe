import { type Headline, headlineOf } from './headline.ts';
import { OPENING } from './lines.ts';
import type { LogLine } from './log-line.ts';

/** What a log said before a stretch of it that its reports are read by. */
export interface LogContext {
  /** Some line had the kernel's timestamp: what has none is not the kernel's own. */
  stamps: boolean;
  /** The kernel runs with `panic=-1`: a panic resets at once, and has no end. */
  silent: boolean;
}

/** A stretch of a log with whole crash reports in it. */
export interface Segment {
  lines: LogLine[];
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

const SILENT = /^(?:Kernel c|C)ommand line: .*\bpanic=-\d/;

/**
 * Cuts a log, line by line, into the stretches that have crash reports in them; what lies between is forgotten. Holds one
 * of them, and the doubtful ones, however long the log is.
 */
export class Segments {
  #lines: LogLine[] = [];
  #numbers: number[] = [];
  #characters = 0;
  #before: LogLine | undefined;
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
  #doubtful: Segment[] = [];
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
  take(line: LogLine): Segment[] {
    this.#count += 1;
    const before = this.#number;
    this.#number = line.at ?? before + 1;
    if (line.stamped && !this.#context.stamps) {
      this.#context.stamps = true;
      this.#doubtful = [];
    }
    if (SILENT.test(line.text)) this.#context.silent = true;
    const headline = headlineOf(line.text);
    if (this.open || headline) {
      if (!this.open && this.#before && opens(this.#before)) this.#keep(this.#before, before);
      if (headline && this.#isFirst(headline))
        this.#opening = this.#lines.length - (opens(this.#lines.at(-1)) ? 1 : 0);
      this.#keep(line, this.#number);
      if (headline) {
        this.#headline = this.#lines.length;
        this.#part = headline.part;
        this.#isSure ||= headline.part !== 'hint';
      }
    }
    this.#before = line;
    const { length } = this.#lines;
    if (length - this.#headline > ENOUGH_LINES) return this.#cut(length);
    if (length < MOST_LINES && this.#characters <= MOST_CHARACTERS) return [];
    return this.#cut(this.#opening > 0 ? this.#opening : length);
  }

  /** Nothing more belongs to what was taken. */
  finish(): Segment[] {
    const last = this.open ? this.#cut(this.#lines.length) : [];
    const doubtful = this.#doubtful;
    this.#doubtful = [];
    return [...doubtful, ...last];
  }

  /** The line of die() follows its cause, where it has one. */
  #isFirst({ part }: Headline): boolean {
    return part === 'cause' || part === 'report' || (part === 'die' && this.#part !== 'cause');
  }

  #keep(line: LogLine, number: number): void {
    this.#lines.push(line);
    this.#numbers.push(number);
    this.#characters += line.text.length;
  }

  #cut(at: number): Segment[] {
    const before = this.#count - this.#lines.length;
    const lines = this.#lines.slice(0, at);
    const numbers = this.#numbers.slice(0, at);
    this.#numbers = this.#numbers.slice(at);
    this.#lines = this.#lines.slice(at);
    this.#characters = this.#lines.reduce((sum, { text }) => sum + text.length, 0);
    this.#headline = Math.max(0, this.#headline - at);
    this.#opening = 0;
    const segment = { lines, numbers, first: numbers[0] ?? 1, before, context: { ...this.#context } };
    const isSure = this.#isSure || this.#context.stamps;
    // What is left begins with a headline that is no hint.
    this.#isSure = this.open;
    if (isSure) return [segment];
    this.#doubtful.push(segment);
    return this.#doubtful.splice(0, this.#doubtful.length - MOST_DOUBTFUL);
  }
}

/** A report may open with a line that is none by itself: a bar, `cut here`. */
const opens = (line: LogLine | undefined) => line !== undefined && OPENING.test(line.text.trim());
