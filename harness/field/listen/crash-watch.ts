import { type CrashLog, readCrashes } from '../../oops/crash.ts';
import { headlineOf } from '../../oops/headline.ts';
import { PANIC_END, REBOOTING } from '../../oops/lines.ts';
import type { LogLine } from '../../oops/log-line.ts';

/** Crash reports that came from a sender, judged when they had ended. */
export interface CrashSeen {
  log: CrashLog;
  lines: readonly LogLine[];
}

/** A machine that has said nothing for so long has no more to say about it, in milliseconds. */
const QUIET_MS = 3000;
/** The same where it goes on with other things: lines after the last that begins a report. */
const ENOUGH_LINES = 400;
/** A report that goes on for ever is judged by its beginning. */
const MOST_LINES = 20_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * Recognises crash reports while they arrive, line by line. No clock: times are the caller's, in milliseconds. Holds a
 * few MiB at most, whatever comes.
 */
export class CrashWatch {
  /** A report may open with a line that is none by itself: a bar, `cut here`. */
  #before: LogLine | undefined;
  #lines: LogLine[] = [];
  #characters = 0;
  /** Index after the last headline. */
  #headline = 0;
  #lastMs = 0;

  /** Whether it is in the middle of a report. */
  get open(): boolean {
    return this.#lines.length > 0;
  }

  /** The reports that were over before this line. */
  take(line: LogLine, nowMs: number): CrashSeen | undefined {
    const seen = this.advance(nowMs);
    const begins = headlineOf(line.text) !== null;
    if (this.open || begins) {
      if (!this.open && this.#before) this.#keep(this.#before);
      this.#keep(line);
      if (begins) this.#headline = this.#lines.length;
    }
    this.#before = line;
    this.#lastMs = nowMs;
    return this.#isEnough() ? this.#conclude() : seen;
  }

  /** The reports that are over now that nothing came. */
  advance(nowMs: number): CrashSeen | undefined {
    return this.open && nowMs - this.#lastMs >= QUIET_MS ? this.#conclude() : undefined;
  }

  /** Nothing more will come. */
  finish(): CrashSeen | undefined {
    return this.open ? this.#conclude() : undefined;
  }

  /** Whether the line that was taken last ends a panic: what is there should be on the disk now. */
  get dead(): boolean {
    const text = this.#lines.at(-1)?.text ?? '';
    return PANIC_END.test(text) || REBOOTING.test(text);
  }

  #keep(line: LogLine): void {
    this.#lines.push(line);
    this.#characters += line.text.length;
  }

  #isEnough(): boolean {
    const { length } = this.#lines;
    return (
      length - this.#headline > ENOUGH_LINES || length > MOST_LINES || this.#characters > MOST_CHARACTERS
    );
  }

  #conclude(): CrashSeen | undefined {
    const lines = this.#lines;
    this.#lines = [];
    this.#characters = 0;
    this.#headline = 0;
    const log = readCrashes(lines);
    return log.crashes.length === 0 ? undefined : { log, lines };
  }
}
