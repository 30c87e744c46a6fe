import { type CrashLog, readSegment } from '../../oops/crash.ts';
import { PANIC_END, REBOOTING } from '../../oops/lines.ts';
import type { LogLine } from '../../oops/log-line.ts';
import { type Segment, Segments } from '../../oops/segments.ts';

/** Crash reports that came from a sender, judged when they had ended. */
export interface CrashSeen {
  log: CrashLog;
  lines: readonly LogLine[];
}

/** A machine that has said nothing for so long has no more to say about it, in milliseconds. */
const QUIET_MS = 3000;

/**
 * Recognises crash reports while they arrive, line by line. No clock: times are the caller's, in milliseconds. Holds a
 * few MiB at most, whatever comes.
 */
export class CrashWatch {
  readonly #segments = new Segments();
  #lastMs = 0;

  /** The reports that were over before this line, or are with it. */
  take(line: LogLine, nowMs: number): CrashSeen[] {
    const before = this.advance(nowMs);
    this.#lastMs = nowMs;
    return [...before, ...seenIn(this.#segments.take(line))];
  }

  /** The reports that are over now that nothing came. */
  advance(nowMs: number): CrashSeen[] {
    return nowMs - this.#lastMs >= QUIET_MS ? this.finish() : [];
  }

  /** Nothing more will come. */
  finish(): CrashSeen[] {
    return seenIn(this.#segments.finish());
  }

  /** Whether the line that was taken last ends a panic: what is there should be on the disk now. */
  get dead(): boolean {
    return PANIC_END.test(this.#segments.newest) || REBOOTING.test(this.#segments.newest);
  }
}

function seenIn(segments: readonly Segment[]): CrashSeen[] {
  return segments
    .map((segment) => ({ log: readSegment(segment), lines: segment.lines }))
    .filter(({ log }) => log.crashes.length > 0);
}
