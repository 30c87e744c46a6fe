import { apart, isOver } from '../../oops/apart.ts';
import type { CrashLog } from '../../oops/crash.ts';
import { PANIC_END, REBOOTING, REGISTERS } from '../../oops/lines.ts';
import type { LogLine } from '../../oops/log-line.ts';
import { isEndLine, isPartLine } from '../../oops/part-line.ts';
import { type Segment, Segments } from '../../oops/segments.ts';

/** A line that came, as it stands in the sender's log with the marks before it. */
export interface HeardLine extends LogLine {
  shown: string;
}

/** A crash report that came from a sender, judged when it had ended or nothing more came. */
export interface CrashSeen {
  /** Of the sender's reports, from 1. */
  number: number;
  /** It was told before, and what came since has changed what it says. */
  again: boolean;
  log: CrashLog;
  lines: readonly HeardLine[];
}

/** A machine that has said nothing for so long has no more to say about it, in milliseconds. */
const QUIET_MS = 3000;
/** Nor has one whose report has come to its end: a panic that it leads to follows at once. */
const ENDED_MS = 500;
/** Nor one that speaks of other things: while a report waits for other CPUs it says less (their NMIs take up to 10 s). */
const ELSEWHERE_MS = 10_000;

/**
 * Recognises crash reports while they arrive, line by line. No clock: times are the caller's, in milliseconds. One that
 * goes on after it was told is told again. Holds a few MiB at most, whatever comes.
 */
export class CrashWatch {
  readonly #segments = new Segments<HeardLine>();
  #lastMs = 0;
  /** When the last line came that was a part of a report. */
  #partMs = 0;
  #wasPart = false;
  /** Since the last judgement something came that may change it. */
  #unjudged = false;
  /** The last part may have been an end. */
  #mayBeOver = false;
  /** By the number of its first line. */
  readonly #told = new Map<number, { number: number; said: string }>();
  #reports = 0;

  /** The reports that were over before this line, or are with it. */
  take(line: HeardLine, nowMs: number): readonly CrashSeen[] {
    const before = this.advance(nowMs);
    this.#lastMs = nowMs;
    const cut = this.#segments.take(line);
    const isPart = this.#segments.open && isPartLine(line.text);
    // A loss right behind a report may be its last line's.
    if (line.lostBefore !== undefined && this.#wasPart) this.#unjudged = true;
    this.#wasPart = isPart;
    if (isPart) {
      this.#partMs = nowMs;
      this.#unjudged = true;
      this.#mayBeOver = isEndLine(line.text) || (this.#mayBeOver && REGISTERS.test(line.text));
    }
    return cut.length === 0 ? before : [...before, ...this.#last(cut)];
  }

  /** The reports that are over now that nothing came. */
  advance(nowMs: number): readonly CrashSeen[] {
    const isQuiet = nowMs - this.#lastMs >= QUIET_MS;
    const doubtful = isQuiet ? this.#judge(this.#segments.takeDoubtful()) : NOTHING;
    if (!this.#unjudged || !(isQuiet || this.#isDone(nowMs - this.#partMs))) return doubtful;
    this.#unjudged = false;
    return [...doubtful, ...this.#judge(this.#segments.soFar())];
  }

  /** Nothing more will come. */
  finish(): CrashSeen[] {
    this.#unjudged = false;
    return this.#last(this.#segments.finish());
  }

  /** Whether the line that was taken last ends a panic: what is there should be on the disk now. */
  get dead(): boolean {
    return PANIC_END.test(this.#segments.newest) || REBOOTING.test(this.#segments.newest);
  }

  #isDone(sinceMs: number): boolean {
    if (sinceMs >= ELSEWHERE_MS) return true;
    if (!this.#mayBeOver || sinceMs < ENDED_MS) return false;
    this.#mayBeOver = this.#segments.soFar().every(isOver);
    return this.#mayBeOver;
  }

  /** Stretches that nothing can be added to. */
  #last(segments: readonly Segment<HeardLine>[]): CrashSeen[] {
    const seen = this.#judge(segments);
    for (const { first, lines } of segments) {
      for (const number of this.#told.keys())
        if (number >= first && number < first + lines.length) this.#told.delete(number);
    }
    return seen;
  }

  #judge(segments: readonly Segment<HeardLine>[]): CrashSeen[] {
    return segments.flatMap(apart).flatMap(({ segment: { first, lines }, log }) => {
      const said = wordsOf(log);
      const before = this.#told.get(first);
      if (before?.said === said) return [];
      const number = before?.number ?? (this.#reports += 1);
      this.#told.set(first, { number, said });
      return [{ number, again: before !== undefined, log, lines }];
    });
  }
}

/** Of nearly every line. */
const NOTHING: readonly CrashSeen[] = [];

/** What has changed when this has. */
function wordsOf({ crashes, whole, why }: CrashLog): string {
  const words = crashes.map(({ headline, panic, signature, frames }) => [
    headline,
    panic,
    signature,
    frames.length,
  ]);
  return JSON.stringify([words, whole, why]);
}
